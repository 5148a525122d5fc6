import { formatDuration } from '../kernel/duration.ts';
import { Failure } from '../kernel/failure.ts';
import type { ApiClient } from './api-client.ts';
import { isFinal, type Push } from './api-schema.ts';
import type { CliContext } from './cli-context.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { followPush } from './follow-push.ts';
import { placementNotes } from './placement-notes.ts';
import { problemDocument } from './problem-document.ts';
import { openProgressJson } from './progress-json.ts';
import { openProgressLines } from './progress-lines.ts';
import { openProgressScreen } from './progress-screen.ts';
import type { ProgressView } from './progress-view.ts';
import { renderSummary } from './push-summary.ts';
import { openWait } from './wait.ts';

/**
 * Follows a push with progress shown, says what came of it, and returns the exit status: placed everywhere, or not,
 * or time ran out, or Ctrl-C. The push itself never depends on being watched.
 */
export async function watchToEnd(
  context: CliContext,
  client: ApiClient,
  start: Push,
  timeoutMs: number | undefined,
): Promise<number> {
  const { io, texts, json, out, err } = context;
  using wait = openWait(io, timeoutMs);
  const push = await follow(context, client, start, wait.signal);
  if (json) out.printJson(push);
  else out.print(...renderSummary(push, texts), ...(await placementNotes(client, push, texts)));
  if (isFinal(push)) return push.state === 'placed' ? EXIT_STATUS.done : EXIT_STATUS.failed;
  const timedOut = wait.ending === 'timeout';
  if (json && timedOut) err.printJson(problemDocument(new Failure('timed_out', texts.errors.stillRunning(push.id))));
  if (!json) {
    err.print(
      timedOut ? texts.summary.timedOut(push.id, formatDuration(timeoutMs ?? 0)) : texts.summary.interrupted(push.id),
    );
    err.print(texts.summary.watchHint(push.id), texts.summary.cancelHint(push.id));
  }
  return timedOut ? EXIT_STATUS.timedOut : EXIT_STATUS.interrupted;
}

async function follow(context: CliContext, client: ApiClient, start: Push, signal: AbortSignal): Promise<Push> {
  if (isFinal(start)) return start;
  const { timings } = context.io;
  using view = openView(context);
  view.update(start);
  // Awaited here: the view must stay until the following has ended.
  return await followPush(start, {
    client,
    timings,
    texts: context.texts,
    signal,
    onPush: (push) => view.update(push),
    onNotice: (notice) => view.notice(notice),
  });
}

function openView(context: CliContext): ProgressView {
  if (context.json) return openProgressJson(context);
  return context.drawsScreen ? openProgressScreen(context) : openProgressLines(context);
}
