import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Time as the rest of the program sees it. `nowMs` is the wall clock and may jump: use it for instants that people
 * read or that outlive the process. `elapsedMs` never goes back: use it for intervals, rates and timeouts.
 */
export type Clock = {
  nowMs(): number;
  elapsedMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  // Timers above 2^31-1 ms fire at once, so longer waits are cut; callers wait in loops.
  sleep: (ms, signal) => sleep(Math.min(Math.max(ms, 0), 2 ** 31 - 1), undefined, { signal, ref: true }),
};

/** Milliseconds since the epoch as RFC 3339 UTC with milliseconds, the API's form. */
export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}
