import type { Clock } from '../kernel/clock.ts';

/** How far the bytes may get ahead of their rate: small enough to be smooth, large enough for timers of some milliseconds. */
const BURST_MS = 50;

/**
 * A cap on the bytes of blobs that all connections of a client move together, in both directions. Each piece is told
 * how long to wait, in the order in which they ask, so that no connection starves.
 */
export class Pace {
  readonly #bytesPerSecond: () => number | null;
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  /** When all that was let through has had its time. */
  #freeAtMs = Number.NEGATIVE_INFINITY;

  /** `bytesPerSecond` is asked for each piece, since it may depend on the hour; null is no cap. */
  constructor(bytesPerSecond: () => number | null, clock: Pick<Clock, 'elapsedMs'>) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
  }

  /** Milliseconds that whoever has moved, or is about to move, so many bytes should wait; 0 where nothing is capped. */
  waitMsFor(bytes: number): number {
    const rate = this.#bytesPerSecond();
    if (rate === null) return 0;
    const nowMs = this.#clock.elapsedMs();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - BURST_MS) + (bytes / rate) * 1_000;
    return Math.max(0, this.#freeAtMs - nowMs);
  }
}
