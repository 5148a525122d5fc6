import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import type { LivePush, Pushes } from '../sync/push/pushes.ts';
import { presentPush, presentTransferEvent } from './present/present-push.ts';
import type { Push, Transfer } from './schema/push-schema.ts';
import { Wakeup } from './wakeup.ts';

/** At most four a second for each leg: more than an eye follows, little enough for a terminal far away. */
const PROGRESS_EVERY_MS = 250;
/** Shorter than the idle timeouts of common proxies (60 s) by a wide margin. */
const HEARTBEAT_MS = 15_000;

export type PushEventSource = {
  readonly pushes: Pick<Pushes, 'find'>;
  readonly events: EventBus;
  readonly clock: Clock;
};

/**
 * A push as server-sent events, piece by piece: the present push first, then what changes, and `end` once it is final.
 *
 * Each event carries state, not a difference: `push` a Push, `transfer` and `progress` a Transfer with its push's id. So
 * a reader that was away misses nothing it needs: with `Last-Event-ID` the numbering goes on behind that id and the
 * present push comes first. What the bus tells is only a hint to look again; changes between two looks are told as
 * one, and nothing is looked at while the reader has not taken the pieces before, so a slow reader costs no memory.
 */
export async function* pushEvents(
  source: PushEventSource,
  pushId: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const wakeup = new Wakeup(source.clock, signal);
  const unsubscribe = source.events.on('*', (event) => {
    if ('pushId' in event && event.pushId === pushId)
      wakeup.hint(event.type === 'transfer.progress' ? PROGRESS_EVERY_MS : 0);
  });
  const told = new ToldState();
  let eventId = parseEventId(lastEventId);
  try {
    yield 'retry: 2000\n\n';
    while (!signal.aborted) {
      const live = await source.pushes.find(pushId);
      if (live === undefined) return;
      for (const { event, data } of told.changes(live, wakeup.lookedAt)) {
        eventId += 1;
        yield `id: ${eventId}\nevent: ${event}\ndata: ${data}\n\n`;
      }
      if (live.push.state !== 'running') {
        yield `id: ${eventId + 1}\nevent: end\ndata: ${JSON.stringify({ push: pushId, state: live.push.state })}\n\n`;
        return;
      }
      if (told.hasPending) wakeup.hint(PROGRESS_EVERY_MS);
      if (!(await wakeup.wait(HEARTBEAT_MS))) yield ': still here\n\n';
    }
  } finally {
    unsubscribe();
    wakeup.close();
  }
}

type Message = { readonly event: 'push' | 'transfer' | 'progress'; readonly data: string };
type Told = { state: string; progress: string; progressAt: number };

/** What the reader knows, and so what is news to it. */
class ToldState {
  readonly #legs = new Map<string, Told>();
  #push: Told | undefined;
  /** Is there progress that was held back because the last was told a moment ago? */
  hasPending = false;

  /** What to tell of a push looked at at `nowMs` of elapsed time; at first only the push itself. */
  changes(live: LivePush, nowMs: number): Message[] {
    const push = presentPush(live);
    const messages: Message[] = [];
    this.hasPending = false;
    const isFirst = this.#push === undefined;
    for (const transfer of push.transfers) {
      const event = this.#legNews(transfer, nowMs);
      if (event !== undefined && !isFirst)
        messages.push({ event, data: JSON.stringify(presentTransferEvent(push.id, transfer)) });
    }
    if (this.#pushNews(push, nowMs)) messages.push({ event: 'push', data: JSON.stringify(push) });
    return messages;
  }

  #legNews(transfer: Transfer, nowMs: number): 'transfer' | 'progress' | undefined {
    const { registry, state, digest, attempts, nextAttemptAt, placedAt, error } = transfer;
    const next = {
      state: JSON.stringify([state, digest, attempts, nextAttemptAt, placedAt, error]),
      progress: JSON.stringify(transfer),
    };
    const before = this.#legs.get(registry);
    if (before === undefined || before.state !== next.state) {
      this.#legs.set(registry, { ...next, progressAt: nowMs });
      return 'transfer';
    }
    if (!this.#isDue(before, next.progress, nowMs)) return undefined;
    this.#legs.set(registry, { ...next, progressAt: nowMs });
    return 'progress';
  }

  #pushNews(push: Push, nowMs: number): boolean {
    const { transfers: _, bytesLanded, ...state } = push;
    const next = { state: JSON.stringify(state), progress: String(bytesLanded) };
    const before = this.#push;
    if (before !== undefined && before.state === next.state && !this.#isDue(before, next.progress, nowMs)) return false;
    this.#push = { ...next, progressAt: nowMs };
    return true;
  }

  #isDue(before: Told, progress: string, nowMs: number): boolean {
    if (before.progress === progress) return false;
    const isDue = nowMs - before.progressAt >= PROGRESS_EVERY_MS;
    if (!isDue) this.hasPending = true;
    return isDue;
  }
}

function parseEventId(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
