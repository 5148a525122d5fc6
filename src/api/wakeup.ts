import type { Clock } from '../kernel/clock.ts';

/** Waiting that hints cut short: each hint says how long it can wait to be looked at, the most urgent one counts. */
export class Wakeup {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.hint(0);
  /** When, on the clock's elapsed time, the earliest hint wants to be looked at. */
  #dueAt: number | undefined;
  #interrupt: (() => void) | undefined;
  #lookedAt: number;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#lookedAt = clock.elapsedMs();
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** When it was last woken, on the clock's elapsed time. */
  get lookedAt(): number {
    return this.#lookedAt;
  }

  /** Something happened that should be looked at no sooner than `afterMs` after the last look. */
  hint(afterMs: number): void {
    const dueAt = this.#lookedAt + afterMs;
    if (this.#dueAt !== undefined && this.#dueAt <= dueAt) return;
    this.#dueAt = dueAt;
    this.#interrupt?.();
  }

  /** Waits for the time that hints ask for, at most `maxMs`. Returns whether there was a hint. */
  async wait(maxMs: number): Promise<boolean> {
    const endAt = this.#clock.elapsedMs() + maxMs;
    for (;;) {
      const restMs = Math.min(this.#dueAt ?? endAt, endAt) - this.#clock.elapsedMs();
      if (restMs <= 0 || this.#signal.aborted) break;
      const timer = new AbortController();
      this.#interrupt = () => timer.abort();
      // Rejects only because a hint interrupts it, which is what it is for.
      await this.#clock.sleep(restMs, timer.signal).catch(() => {});
      this.#interrupt = undefined;
    }
    const hinted = this.#dueAt !== undefined && this.#dueAt <= this.#clock.elapsedMs();
    if (hinted) this.#dueAt = undefined;
    this.#lookedAt = this.#clock.elapsedMs();
    return hinted || this.#signal.aborted;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
