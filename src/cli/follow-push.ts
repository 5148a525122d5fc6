import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../kernel/failure.ts';
import { getPush, openPushEvents } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';
import { isFinal, type Push } from './api-schema.ts';
import type { CliTimings } from './cli-io.ts';
import { connectionFailure } from './connection-failure.ts';
import { applyPushEvent } from './push-updates.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import { SilenceWatchdog } from './silence-watchdog.ts';
import type { Texts } from './texts/texts.ts';

export type FollowOptions = {
  readonly client: ApiClient;
  readonly timings: CliTimings;
  readonly texts: Texts;
  /** Ends the following; the push goes on. */
  readonly signal: AbortSignal;
  /** Told the push whenever something of it changed and it is not final yet. */
  readonly onPush: (push: Push) => void;
  readonly onNotice: (notice: string) => void;
};

/** What is known while following. */
type Sight = {
  push: Push;
  lastEventId: string | undefined;
  /** Are events possible here? Not behind a proxy that collects them, nor at a service that has none. */
  hasEvents: boolean;
  streamsWithoutEvents: number;
  failures: number;
  lastHeardMs: number;
  delayMs: number;
};

const STREAMS_WITHOUT_EVENTS = 3;
const LONGEST_DELAY_MS = 5_000;
// Answers about the stream that asking again will not change.
const NO_STREAM_STATUSES = new Set([404, 405, 406, 415, 501]);

/**
 * Follows a push until it is final, or until the signal aborts, and returns it as last seen. Progress comes as
 * server-sent events, resumed by `Last-Event-ID` whenever the stream breaks; where there are no events, by long polls.
 * The push itself is asked for with each connection, so that a lost event does not matter. A service that is out of
 * reach (restarting, say) is waited for, `timings.outageMs` long; then, and at any definite refusal, this throws.
 */
export async function followPush(start: Push, options: FollowOptions): Promise<Push> {
  const { timings, texts, signal } = options;
  const sight: Sight = {
    push: start,
    lastEventId: undefined,
    hasEvents: true,
    streamsWithoutEvents: 0,
    failures: 0,
    lastHeardMs: performance.now(),
    delayMs: timings.retryDelayMs,
  };
  while (!isFinal(sight.push) && !signal.aborted) {
    try {
      await (sight.hasEvents ? streamOnce(sight, options) : pollOnce(sight, options));
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof Failure) || !isPassing(error)) throw error;
      if (performance.now() - sight.lastHeardMs > timings.outageMs) throw error;
      sight.failures += 1;
      // A stream that breaks and stands again at once is nobody's worry.
      if (sight.failures === 2) options.onNotice(texts.progress.reconnecting(error.message));
    }
    if (isFinal(sight.push) || signal.aborted) break;
    // Jitter: a service that restarts has all its watchers come back.
    await sleep(sight.delayMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
    sight.delayMs = Math.min(sight.delayMs * 2, LONGEST_DELAY_MS);
  }
  return sight.push;
}

/** One stream of events, from its opening to its end. */
async function streamOnce(sight: Sight, options: FollowOptions): Promise<void> {
  const { client, timings, texts } = options;
  using watchdog = new SilenceWatchdog(
    timings.silenceMs,
    texts.errors.silent(timings.silenceMs / 1_000),
    options.signal,
  );
  const body = await openEvents(sight, client, watchdog.signal);
  if (body === undefined) return;
  let events = 0;
  try {
    // Asked for once the stream stands: what happened before is in it, what happens after comes as events.
    await askOnce(sight, options, watchdog.signal);
    if (isFinal(sight.push)) return;
    for await (const event of readServerSentEvents(watchdog.watch(body))) {
      events += 1;
      sight.lastEventId = event.id ?? sight.lastEventId;
      if (event.event === 'end') break;
      const push = applyPushEvent(sight.push, event);
      // The end of a push is believed only when the push itself says so, with everything that the last events told.
      if (isFinal(push)) break;
      hear(sight, push, options);
    }
  } catch (error) {
    if (watchdog.signal.aborted) throw watchdog.signal.reason;
    throw connectionFailure(error, texts.errors.streamCut, texts);
  } finally {
    sight.streamsWithoutEvents = events > 0 ? 0 : sight.streamsWithoutEvents + 1;
    if (sight.streamsWithoutEvents >= STREAMS_WITHOUT_EVENTS) sight.hasEvents = false;
    await body.cancel().catch(() => {});
  }
  await askOnce(sight, options, options.signal);
}

/** The body of the event stream; undefined, and `hasEvents` false from then on, when there is no such thing here. */
async function openEvents(
  sight: Sight,
  client: ApiClient,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  try {
    const { body, headers } = await openPushEvents(client, sight.push.id, sight.lastEventId, signal);
    if (body !== null && (headers.get('content-type') ?? '').startsWith('text/event-stream')) return body;
    await body?.cancel();
  } catch (error) {
    if (!(error instanceof Failure) || !NO_STREAM_STATUSES.has(error.details.status ?? 0)) throw error;
  }
  sight.hasEvents = false;
  return undefined;
}

async function askOnce(sight: Sight, options: FollowOptions, signal: AbortSignal): Promise<void> {
  hear(sight, await getPush(options.client, sight.push.id, { repeatable: false, signal }), options);
}

async function pollOnce(sight: Sight, options: FollowOptions): Promise<void> {
  const { client, timings, signal } = options;
  const wait = { waitMs: timings.pollMs, repeatable: false, signal };
  hear(sight, await getPush(client, sight.push.id, wait), options);
}

function hear(sight: Sight, push: Push, { timings, texts, onPush, onNotice }: FollowOptions): void {
  if (sight.failures >= 2) onNotice(texts.progress.reconnected);
  sight.failures = 0;
  sight.lastHeardMs = performance.now();
  sight.delayMs = timings.retryDelayMs;
  sight.push = push;
  if (!isFinal(push)) onPush(push);
}

/** May the service be back soon? A restart shows as a refused connection, or as a proxy's 502, 503 or 504. */
function isPassing(failure: Failure): boolean {
  const { status } = failure.details;
  if (status !== undefined) return status === 429 || status >= 500;
  return ['connect_failed', 'connection_lost', 'stalled', 'timed_out'].includes(failure.code);
}
