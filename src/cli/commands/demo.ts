import { loadRunDemo } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';

export type DemoCommandOptions = { readonly keep?: boolean };

export async function runDemoCommand({ json, texts }: CliContext, options: DemoCommandOptions): Promise<number> {
  const runDemo = await loadRunDemo(texts);
  return runDemo({ json, keep: options.keep ?? false });
}
