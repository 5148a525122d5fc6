import type { Clock } from '../../kernel/clock.ts';
import type { PushStore } from './push-store.ts';
import type { SyncLog } from './sync-context.ts';

/** What the two clocks may drift apart without anybody having set one: at 500 ppm, the most NTP slews, this takes a day and a half. */
const JUMP_MS = 60_000;

/**
 * Notices when the wall clock was set. A deadline is how long a push may take, kept as an instant: when the clock
 * jumps, the deadlines of what is under way move along, so that a day's jump neither fails pushes nor lets them run on.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #store: Pick<PushStore, 'listPushes' | 'updatePush'>;
  readonly #log: SyncLog;
  #differenceMs: number;
  #moving: Promise<void> = Promise.resolve();

  constructor(context: {
    readonly clock: Clock;
    readonly store: Pick<PushStore, 'listPushes' | 'updatePush'>;
    readonly log: SyncLog;
  }) {
    this.#clock = context.clock;
    this.#store = context.store;
    this.#log = context.log;
    this.#differenceMs = this.#difference();
  }

  /** To be asked before an instant of the store is compared with now. Resolves once every deadline is right. */
  look(): Promise<void> {
    const difference = this.#difference();
    const jumpedMs = difference - this.#differenceMs;
    if (Math.abs(jumpedMs) >= JUMP_MS) {
      this.#differenceMs = difference;
      this.#moving = this.#moving.then(() => this.#moveDeadlines(Math.round(jumpedMs))).catch(() => {});
    }
    return this.#moving;
  }

  #difference(): number {
    return this.#clock.nowMs() - this.#clock.elapsedMs();
  }

  async #moveDeadlines(byMs: number): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = { limit: 500, ...(cursor === undefined ? {} : { cursor }) };
      const { items, next } = await this.#store.listPushes({ state: 'running' }, page);
      for (const { push } of items) await this.#store.updatePush(push.id, { deadlineAt: push.deadlineAt + byMs });
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    this.#log.warn({ event: 'clock jumped', jumpedMs: byMs });
  }
}
