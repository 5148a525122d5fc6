/** How often the longest pause that is usual here makes one that is not; and how many round trips. */
const USUAL_PAUSES = 10;
const ROUND_TRIPS = 50;
/** So much flow must have been seen before the path is judged by itself. */
const LEAST_SEEN_MS = 30_000;
/** Pauses are remembered minute by minute, for ten: what is usual changes with the hour. */
const MINUTE_MS = 60_000;
const KEPT_MINUTES = 10;

export type StallBounds = {
  /** Never less, however lively the path. */
  readonly leastMs: number;
  /** Never more, and as long as little is known of the path. */
  readonly mostMs: number;
};

/**
 * For how long nothing may move before a connection is given up: ten times the longest pause of the last ten minutes
 * after which bytes moved again, and fifty round trips at least, within the bounds. A limit that was reached counts as
 * such a pause, so the next one is longer: a path that has become worse is not cut over and over.
 */
export class StallLimit {
  readonly #bounds: StallBounds;
  readonly #elapsedMs: () => number;
  readonly #minutes: { readonly minute: number; longestMs: number; seenMs: number }[] = [];
  #roundTripMs = 0;

  constructor(bounds: StallBounds, elapsedMs: () => number) {
    this.#bounds = bounds;
    this.#elapsedMs = elapsedMs;
  }

  get ms(): number {
    const { leastMs, mostMs } = this.#bounds;
    if (leastMs >= mostMs) return mostMs;
    this.#forget();
    const seenMs = this.#minutes.reduce((sum, minute) => sum + minute.seenMs, 0);
    if (seenMs < LEAST_SEEN_MS) return mostMs;
    const longestMs = Math.max(...this.#minutes.map((minute) => minute.longestMs));
    const usual = Math.max(USUAL_PAUSES * longestMs, ROUND_TRIPS * this.#roundTripMs);
    return Math.round(Math.min(Math.max(usual, leastMs), mostMs));
  }

  /** We waited so long for the far side until something moved, or until the connection was given up. */
  waited(pauseMs: number): void {
    const minute = Math.floor(this.#elapsedMs() / MINUTE_MS);
    let last = this.#minutes.at(-1);
    if (last?.minute !== minute) {
      last = { minute, longestMs: 0, seenMs: 0 };
      this.#minutes.push(last);
      this.#forget();
    }
    last.longestMs = Math.max(last.longestMs, pauseMs);
    last.seenMs += pauseMs;
  }

  connected(roundTripMs: number): void {
    this.#roundTripMs = roundTripMs;
  }

  #forget(): void {
    const oldest = Math.floor(this.#elapsedMs() / MINUTE_MS) - KEPT_MINUTES;
    while (this.#minutes[0] !== undefined && this.#minutes[0].minute < oldest) this.#minutes.shift();
  }
}
