import type { Clock } from '../../kernel/clock.ts';

/** One thing to do later, by the clock's steady time; setting it anew replaces what was set before. */
export class Alarm {
  readonly #clock: Clock;
  #waiting: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(ms: number, act: () => void): void {
    this.clear();
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#waitUntil(this.#clock.elapsedMs() + ms, waiting.signal).then(
      () => {
        if (this.#waiting !== waiting) return;
        this.#waiting = undefined;
        act();
      },
      () => {},
    );
  }

  clear(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  /** One sleep may be shorter than what was asked for: a clock's longest is bounded. */
  async #waitUntil(dueMs: number, signal: AbortSignal): Promise<void> {
    do await this.#clock.sleep(Math.max(dueMs - this.#clock.elapsedMs(), 0), signal);
    while (this.#clock.elapsedMs() < dueMs - 1);
  }
}
