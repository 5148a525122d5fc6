import { actOnPush } from '../api-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { countPlaced } from '../push-updates.ts';

export async function runRetry(context: CliContext, id: string): Promise<number> {
  const { texts, json, out, err } = context;
  const push = await actOnPush(await context.openClient(), id, 'retry');
  if (json) out.printJson(push);
  else {
    out.print(texts.pushes.retrying(push.id, push.transfers.length - countPlaced(push)));
    err.print(texts.summary.watchHint(push.id));
  }
  return EXIT_STATUS.done;
}
