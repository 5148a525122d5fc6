/** How far the link may get ahead of its rate: small enough to be smooth, large enough for timers of 1 ms. */
const BURST_MS = 20;

/** A stretch of slow going that comes back: after so many bytes at the full rate, so many at a fraction of it. */
export type Unsteadiness = { readonly everyBytes: number; readonly slowBytes: number; readonly slowdown: number };

/**
 * A link of a certain rate that several connections share: each piece is given the instant at which the link has
 * carried it. Pieces are served in the order in which they ask, so that no connection starves.
 */
export class TokenBucket {
  readonly #bytesPerMs: number;
  readonly #unsteady: Unsteadiness | undefined;
  #carriedBytes = 0;
  /** When the link will have carried all that was given to it. */
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, unsteady?: Unsteadiness) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.#unsteady = unsteady;
  }

  /** Takes the link for so many bytes and answers when it has carried them. */
  take(sizeBytes: number, nowMs: number): number {
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - BURST_MS) + (sizeBytes * this.#slowdown()) / this.#bytesPerMs;
    this.#carriedBytes += sizeBytes;
    return Math.max(nowMs, this.#freeAtMs);
  }

  #slowdown(): number {
    if (this.#unsteady === undefined) return 1;
    const { everyBytes, slowBytes, slowdown } = this.#unsteady;
    return this.#carriedBytes % (everyBytes + slowBytes) < everyBytes ? 1 : slowdown;
  }
}
