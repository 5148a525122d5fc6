import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../kernel/duration.ts';
import { Failure } from '../kernel/failure.ts';
import { findChoice } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';
import type { Choice } from './api-schema.ts';
import type { CliContext } from './cli-context.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { problemDocument } from './problem-document.ts';
import { openWait } from './wait.ts';

/**
 * Waits until a choice has carried over what it had to, and returns the exit status: 1 when some of it failed or
 * somebody chose something else meanwhile, 3 when time ran out. With `--json` prints the choice as it was at the end.
 */
export async function waitForBackfill(
  context: CliContext,
  client: ApiClient,
  subject: string,
  made: Choice,
  timeoutMs: number | undefined,
): Promise<number> {
  const { io, texts, json, out, err } = context;
  using wait = openWait(io, timeoutMs);
  const { choice, isDone } = await pollBackfill(context, client, subject, made, wait.signal);
  if (json) out.printJson(choice);
  if (choice.revision !== made.revision || choice.registry !== made.registry) {
    const message = texts.choose.superseded(subject, choice.registry, choice.revision);
    if (json) err.printJson(problemDocument(new Failure('revision_conflict', message)));
    else err.print(message);
    return EXIT_STATUS.failed;
  }
  const { total = 0, failed = 0 } = choice.backfill ?? {};
  if (isDone) {
    if (!json && total > 0)
      out.print(
        failed > 0
          ? texts.choose.backfillFailed(failed, total, choice.registry)
          : texts.choose.carriedOver(total, choice.registry),
      );
    return failed > 0 ? EXIT_STATUS.failed : EXIT_STATUS.done;
  }
  const timedOut = wait.ending === 'timeout';
  if (json && timedOut) err.printJson(problemDocument(new Failure('timed_out', texts.errors.stillCarrying(subject))));
  if (!json) err.print(timedOut ? texts.choose.timedOut(formatDuration(timeoutMs ?? 0)) : texts.choose.interrupted);
  return timedOut ? EXIT_STATUS.timedOut : EXIT_STATUS.interrupted;
}

/** Asks again and again until everything is placed or failed, somebody else chose, or the signal aborts. */
async function pollBackfill(
  { io, texts, json, err }: CliContext,
  client: ApiClient,
  subject: string,
  made: Choice,
  signal: AbortSignal,
): Promise<{ choice: Choice; isDone: boolean }> {
  let choice = made;
  let told = '';
  let endsSeen = 0;
  while (!signal.aborted) {
    const { total = 0, placed = 0, failed = 0 } = choice.backfill ?? {};
    const news = total === 0 ? '' : texts.choose.backfill(choice.registry, placed, total, failed);
    if (!json && news !== told) err.print(news);
    told = news;
    // A choice is answered when it is durable, which may be before its releases are counted: an end that could be the
    // beginning must be seen twice.
    endsSeen = placed + failed >= total ? endsSeen + 1 : 0;
    if (endsSeen > (total === 0 ? 1 : 0)) return { choice, isDone: true };
    await sleep(io.timings.pollMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    try {
      choice = (await findChoice(client, subject, { signal })) ?? choice;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (choice.revision !== made.revision || choice.registry !== made.registry) return { choice, isDone: false };
  }
  return { choice, isDone: false };
}
