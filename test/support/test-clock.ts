import type { Clock } from '../../src/kernel/clock.ts';

type Sleeper = { readonly dueMs: number; readonly wake: () => void; timer: NodeJS.Timeout | undefined };

/** Real time that a test can hurry on, and a wall clock that it can set. */
export class TestClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #hurriedMs = 0;
  #setByMs = 0;

  // Some take these off the clock, so they are bound to it.
  readonly nowMs = () => Math.round(performance.timeOrigin + this.elapsedMs() + this.#setByMs);
  readonly elapsedMs = () => performance.now() + this.#hurriedMs;

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper: Sleeper = { dueMs: this.elapsedMs() + ms, wake: resolve, timer: undefined };
    const abort = () => reject(signal?.reason);
    this.#sleepers.add(sleeper);
    this.#arm(sleeper);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      clearTimeout(sleeper.timer);
      this.#sleepers.delete(sleeper);
    }
  }

  /** Lets so much time pass at once: both clocks go on, whoever sleeps wakes up. */
  advance(ms: number): void {
    this.#hurriedMs += ms;
    for (const sleeper of [...this.#sleepers]) this.#arm(sleeper);
  }

  /** Sets the wall clock; no time passes. */
  jump(ms: number): void {
    this.#setByMs += ms;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  #arm(sleeper: Sleeper): void {
    clearTimeout(sleeper.timer);
    sleeper.timer = setTimeout(sleeper.wake, Math.min(Math.max(sleeper.dueMs - this.elapsedMs(), 0), 2 ** 31 - 1));
  }
}
