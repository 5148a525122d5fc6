import { actOnPush } from '../api-calls.ts';
import { isFinal } from '../api-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { countPlaced } from '../push-updates.ts';

export async function runCancel(context: CliContext, id: string): Promise<number> {
  const { texts, json, out } = context;
  const push = await actOnPush(await context.openClient(), id, 'cancel');
  if (json) out.printJson(push);
  else
    out.print(
      isFinal(push)
        ? texts.pushes.cancelled(push.id, countPlaced(push), push.transfers.length)
        : texts.pushes.cancelling(push.id),
    );
  return EXIT_STATUS.done;
}
