import type { Clock } from '../../kernel/clock.ts';
import { missedOccurrences } from '../../notify/catch-up.ts';
import type { NoticeStore } from '../../notify/notice-store.ts';
import type { NoticeFacts } from '../../notify/noticed-push.ts';
import { type Notifier, TOLD } from '../../notify/notifier.ts';

const UNTIL = 'until';
/** Between an instant in the store and its notice: what is recorded takes this long at most to be told of. */
const SLACK_MS = 60_000;
/** Marks are looked for from `until` on; a wall clock that is put back finds them still. */
const KEEP_MS = 24 * 60 * 60_000;

export type ToldUntilOptions = {
  readonly store: Pick<NoticeStore, 'marks' | 'mark' | 'pruneMarks'>;
  readonly facts: NoticeFacts;
  readonly notifier: Pick<Notifier, 'tell' | 'troubles'>;
  readonly clock: Clock;
};

/** The instant before which everything that happened was told, so that a start knows where to look for what was not. */
export class ToldUntil {
  readonly #options: ToldUntilOptions;

  constructor(options: ToldUntilOptions) {
    this.#options = options;
  }

  /** Tells what an earlier process did not come to tell. A data folder that has never told anything has missed nothing. */
  async catchUp(): Promise<void> {
    const { store, facts, notifier, clock } = this.#options;
    const nowMs = clock.nowMs();
    const until = (await store.marks(UNTIL)).find(({ key }) => key === UNTIL)?.at;
    if (until !== undefined) {
      const sinceMs = Math.min(until, nowMs) - SLACK_MS;
      const missed = missedOccurrences({ facts, troubles: notifier.troubles, sinceMs, nowMs });
      for await (const occurrence of missed) await notifier.tell(occurrence);
    }
    await store.mark(UNTIL, nowMs);
  }

  /** To be called when all that was heard before `atMs` is told. */
  async advance(atMs: number): Promise<void> {
    const { store } = this.#options;
    await store.mark(UNTIL, atMs - SLACK_MS);
    await store.pruneMarks(TOLD, atMs - KEEP_MS);
  }
}
