import type { Clock } from '../kernel/clock.ts';

/**
 * Watches that something moves: `onExpired` is called once when nothing was reported for the limit. Reporting is
 * cheap enough for every chunk of a fast stream, because it sets a number and no timer.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #onMoved: (pauseMs: number) => void;
  #limitMs = 0;
  #movedAtMs = 0;
  #held = false;
  #stop: AbortController | undefined;

  /** `onMoved` is told how long the other side was waited for each time that something moved. */
  constructor(clock: Clock, onMoved: (pauseMs: number) => void = () => {}) {
    this.#clock = clock;
    this.#onMoved = onMoved;
  }

  /** Starts anew with this limit, in place of what was watched before. 0 or infinity watches nothing. */
  watch(limitMs: number, onExpired: () => void): void {
    this.stop();
    this.#held = false;
    if (!(limitMs > 0) || limitMs === Number.POSITIVE_INFINITY) return;
    this.#limitMs = limitMs;
    this.#movedAtMs = this.#clock.elapsedMs();
    const stop = new AbortController();
    this.#stop = stop;
    this.#run(stop.signal, onExpired);
  }

  /** Something moved. */
  kick(): void {
    const nowMs = this.#clock.elapsedMs();
    if (this.#stop !== undefined && !this.#held) this.#onMoved(nowMs - this.#movedAtMs);
    this.#movedAtMs = nowMs;
  }

  /** From now on the other side is not to blame when nothing moves: we are the ones who wait. */
  hold(): void {
    if (this.#held) return;
    this.kick();
    this.#held = true;
  }

  get isHeld(): boolean {
    return this.#held;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#movedAtMs = this.#clock.elapsedMs();
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }

  async #run(signal: AbortSignal, onExpired: () => void): Promise<void> {
    try {
      while (!signal.aborted) {
        if (this.#held) this.kick();
        const leftMs = this.#movedAtMs + this.#limitMs - this.#clock.elapsedMs();
        if (leftMs <= 0) {
          this.#stop = undefined;
          onExpired();
          return;
        }
        await this.#clock.sleep(Math.ceil(leftMs), signal);
      }
    } catch {
      // The sleep rejects when the watch is stopped, which is its ordinary end.
    }
  }
}
