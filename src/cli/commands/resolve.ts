import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, isFailure } from '../../kernel/failure.ts';
import { parseImageReference } from '../../oci/reference.ts';
import { resolveImage } from '../api-calls.ts';
import type { ApiClient } from '../api-client.ts';
import type { ResolveAnswer } from '../api-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { problemDocument } from '../problem-document.ts';
import { usageFailure } from '../usage-failure.ts';
import { openWait } from '../wait.ts';

export type ResolveOptions = { readonly cluster?: string; readonly wait?: number };

// One request is held no longer than this, below what proxies commonly allow; a longer wait is several.
const LONGEST_ASK_MS = 50_000;

export async function runResolve(context: CliContext, image: string, options: ResolveOptions): Promise<number> {
  const { io, texts, json, out, err } = context;
  const { tag, digest } = parseImageReference(image);
  if (tag === null && digest === null) throw usageFailure(texts.usage.resolveForm(image));

  const client = await context.openClient();
  using wait = openWait(io, undefined);
  let answer: ResolveAnswer;
  try {
    answer = await askWaiting(
      client,
      { image, cluster: options.cluster },
      { waitMs: options.wait ?? 0, pauseMs: io.timings.retryDelayMs, signal: wait.signal },
    );
  } catch (error) {
    if (wait.signal.aborted) return EXIT_STATUS.interrupted;
    if (options.wait === undefined || !isFailure(error, 'not_placed')) throw error;
    if (json) err.printJson(problemDocument(error));
    else err.print(...context.explain(error));
    return EXIT_STATUS.timedOut;
  }
  if (json) out.printJson(answer);
  else {
    out.print(answer.reference);
    if (answer.state === 'fallback') err.print(texts.resolve.fallback(answer.registry, answer.reason ?? ''));
    if (answer.state === 'fallback' && answer.push !== null) err.print(texts.resolve.onItsWay(answer.push));
  }
  return EXIT_STATUS.done;
}

type Question = { readonly image: string; readonly cluster: string | undefined };

/** The answer once it is the chosen (or home) registry; after `waitMs` whatever is true then, `not_placed` included. */
async function askWaiting(
  client: ApiClient,
  question: Question,
  { waitMs, pauseMs, signal }: { waitMs: number; pauseMs: number; signal: AbortSignal },
): Promise<ResolveAnswer> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    const leftMs = Math.max(0, Math.round(endMs - performance.now()));
    const answer = await ask(
      client,
      { ...question, ...(leftMs > 0 ? { waitMs: Math.min(leftMs, LONGEST_ASK_MS) } : {}) },
      signal,
    );
    const isSettled = !(answer instanceof Failure) && answer.state !== 'fallback';
    if (!isSettled && performance.now() + pauseMs < endMs) {
      // A service that answers at once although it was asked to wait is not asked without pause.
      await sleep(pauseMs, undefined, { signal });
      continue;
    }
    if (answer instanceof Failure) throw answer;
    return answer;
  }
}

async function ask(
  client: ApiClient,
  question: Question & { waitMs?: number },
  signal: AbortSignal,
): Promise<ResolveAnswer | Failure> {
  try {
    return await resolveImage(client, question, { signal });
  } catch (error) {
    if (isFailure(error, 'not_placed')) return error;
    throw error;
  }
}
