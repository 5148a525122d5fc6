import type { Clock } from '../kernel/clock.ts';

/** So many a second in the long run, and so many at once after a pause. */
export type Rate = { readonly perSecond: number; readonly burst: number };

const MAX_KEYS = 20_000;
/** Room is made for many at once, so that looking through all keys is paid for by as many new ones. */
const KEPT_KEYS = 15_000;

/**
 * Counts what each key asks for, and says how long one that asks too much has to wait. Keys do not share anything, so
 * none can use up what is another's. By the generic cell rate algorithm (ITU-T I.371, annex A): one instant a key.
 */
export class RateLimiter {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  /** When each key will have worked off what it took. */
  readonly #dueAtMs = new Map<string, number>();

  constructor({ perSecond, burst }: Rate, clock: Pick<Clock, 'elapsedMs'>) {
    this.#intervalMs = 1_000 / perSecond;
    this.#burstMs = this.#intervalMs * Math.max(burst - 1, 0);
    this.#clock = clock;
  }

  /** Takes one for the key. Where none is left, takes nothing and answers how many milliseconds there will be. */
  take(key: string): number | undefined {
    const nowMs = this.#clock.elapsedMs();
    const dueAtMs = Math.max(this.#dueAtMs.get(key) ?? 0, nowMs);
    const waitMs = dueAtMs - nowMs - this.#burstMs;
    if (waitMs > 0) return waitMs;
    if (!this.#dueAtMs.has(key)) this.#makeRoom(nowMs);
    this.#dueAtMs.set(key, dueAtMs + this.#intervalMs);
    return undefined;
  }

  #makeRoom(nowMs: number): void {
    if (this.#dueAtMs.size < MAX_KEYS) return;
    for (const [key, dueAtMs] of this.#dueAtMs) if (dueAtMs <= nowMs) this.#dueAtMs.delete(key);
    // Of those that still count, the longest known are forgotten first.
    for (const key of this.#dueAtMs.keys()) {
      if (this.#dueAtMs.size <= KEPT_KEYS) return;
      this.#dueAtMs.delete(key);
    }
  }
}
