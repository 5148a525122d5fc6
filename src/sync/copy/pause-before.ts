import type { Failure } from '../../kernel/failure.ts';

/** Waits so many milliseconds; rejects when the signal aborts. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** Who is asked to wait longer gives up its place and connection and comes back in a later attempt. */
const MAX_PATIENCE_MS = 60_000;

/**
 * How long to wait before attempt `n + 1` of one small step, milliseconds: doubling from 200 ms to 10 s, half of it
 * random so that many legs do not knock at once, never less than the other side asked for.
 */
export function pauseBefore(failures: number, retryAfterMs = 0, random: () => number = Math.random): number {
  const ceiling = Math.min(200 * 2 ** (failures - 1), 10_000);
  return Math.max(ceiling * (0.5 + random() / 2), retryAfterMs);
}

/** Does the failure leave room for another try of the same small step, or is so long a wait asked for that all should end? */
export function isPatient(failure: Failure): boolean {
  return (failure.details.retryAfterMs ?? 0) <= MAX_PATIENCE_MS;
}
