import { getPush } from '../api-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { watchToEnd } from '../watch-to-end.ts';

export type WatchOptions = { readonly timeout?: number };

export async function runWatch(context: CliContext, id: string, options: WatchOptions): Promise<number> {
  const client = await context.openClient();
  return watchToEnd(context, client, await getPush(client, id), options.timeout);
}
