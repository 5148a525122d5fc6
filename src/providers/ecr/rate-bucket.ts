import type { Clock } from '../../kernel/clock.ts';

/** What we allow ourselves of a quota: the far side's second begins elsewhere than ours. */
const SHARE = 0.9;
/** After a refusal the rate is this part of what it was, and comes back by a tenth of the quota each second. */
const AFTER_REFUSAL = 0.5;
const RECOVERY_PER_SECOND = 0.1;
const LOWEST_SHARE = 0.05;
/** Many requests that were under way together are refused together: they count as one. */
const ONE_REFUSAL_MS = 1_000;
/** How much of a second's quota may go at once. Small: most quotas are counted over short windows. */
const BURST_SECONDS = 0.1;

/**
 * Lets through so many requests a second, in the order in which they come. A refusal of the far side halves the rate
 * (others use the same account), and then it recovers.
 */
export class RateBucket {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #share = SHARE;
  #changedMs: number;
  #refusedMs = Number.NEGATIVE_INFINITY;
  /** When the next request may go, were there no burst. */
  #nextMs = 0;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#changedMs = clock.elapsedMs();
  }

  /** Resolves when the request may go. */
  async take(signal?: AbortSignal): Promise<void> {
    const nowMs = this.#clock.elapsedMs();
    this.#recover(nowMs);
    const rate = this.#perSecond * this.#share;
    const burstMs = Math.max(0, BURST_SECONDS * 1_000 - 1_000 / rate);
    const goesMs = Math.max(this.#nextMs, nowMs - burstMs);
    this.#nextMs = goesMs + 1_000 / rate;
    if (goesMs > nowMs) await this.#clock.sleep(goesMs - nowMs, signal);
  }

  /** The far side said that it was too much; with how long it wants to be left alone. */
  refused(retryAfterMs = 0): void {
    const nowMs = this.#clock.elapsedMs();
    this.#recover(nowMs);
    this.#nextMs = Math.max(this.#nextMs, nowMs + retryAfterMs);
    if (nowMs - this.#refusedMs < ONE_REFUSAL_MS) return;
    this.#refusedMs = nowMs;
    this.#share = Math.max(LOWEST_SHARE, this.#share * AFTER_REFUSAL);
  }

  #recover(nowMs: number): void {
    this.#share = Math.min(SHARE, this.#share + ((nowMs - this.#changedMs) / 1_000) * RECOVERY_PER_SECOND);
    this.#changedMs = nowMs;
  }
}
