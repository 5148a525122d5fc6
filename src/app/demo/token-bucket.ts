/** How far the link may get ahead of its rate: small enough to be smooth, large enough for timers of 1 ms. */
const BURST_MS = 20;

/**
 * A link of a certain rate that several connections share: each piece is given the instant at which the link has
 * carried it. Pieces are served in the order in which they ask, so that no connection starves.
 */
export class TokenBucket {
  readonly #bytesPerMs: number;
  /** When the link will have carried all that was given to it. */
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** Takes the link for so many bytes and answers when it has carried them. */
  take(sizeBytes: number, nowMs: number): number {
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - BURST_MS) + sizeBytes / this.#bytesPerMs;
    return Math.max(nowMs, this.#freeAtMs);
  }
}
