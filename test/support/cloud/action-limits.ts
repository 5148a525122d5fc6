/** Counts calls of an account by action, and refuses those above so many a second. */
export class ActionLimits {
  readonly #perSecond: Readonly<Record<string, number>>;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  readonly calls = new Map<string, number>();
  readonly throttled = new Map<string, number>();

  constructor(perSecond: Readonly<Record<string, number>> = {}) {
    this.#perSecond = perSecond;
  }

  /** True when the call may be done. */
  take(action: string): boolean {
    this.calls.set(action, (this.calls.get(action) ?? 0) + 1);
    const limit = this.#perSecond[action];
    if (limit === undefined) return true;
    const nowMs = performance.now();
    const bucket = this.#buckets.get(action) ?? { tokens: limit, atMs: nowMs };
    this.#buckets.set(action, bucket);
    bucket.tokens = Math.min(limit, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * limit);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) {
      this.throttled.set(action, (this.throttled.get(action) ?? 0) + 1);
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }

  total(of: 'calls' | 'throttled'): number {
    return [...this[of].values()].reduce((sum, count) => sum + count, 0);
  }
}
