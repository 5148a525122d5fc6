import pRetry from 'p-retry';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';

export type RetryOptions = {
  /** How often it is tried in all; default 4, without end when only a deadline is given. */
  readonly attempts?: number;
  /** No new attempt begins later than this after the first one began. */
  readonly deadlineMs?: number;
  /** Upper end of the first wait; default 500 ms. It grows by `factor` (default 2) up to `maxMs` (default 30 s). */
  readonly minMs?: number;
  readonly maxMs?: number;
  readonly factor?: number;
  /** Waits are drawn evenly from zero to their upper end; `false` always waits to the end. Default `true`. */
  readonly jitter?: boolean;
  readonly signal?: AbortSignal;
  /** Asked in place of `Failure.mayRetry`. */
  readonly shouldRetry?: (error: unknown) => boolean;
  readonly clock?: Clock;
  /** A number from 0 to below 1; for tests. */
  readonly random?: () => number;
};

/**
 * Tries until it works, the failure says that trying again cannot help, or attempts or time run out; then throws the
 * last failure. A remote's `Retry-After` is waited for, jitter on top, unless the deadline comes first. An abort is
 * `cancelled`.
 */
export async function withRetry<T>(attempt: (n: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { minMs = 500, maxMs = 30_000, factor = 2, jitter = true, signal, random = Math.random } = options;
  const clock = options.clock ?? systemClock;
  const mayRetry = options.shouldRetry ?? ((error: unknown) => error instanceof Failure && error.mayRetry);
  const attempts = options.attempts ?? (options.deadlineMs === undefined ? 4 : Number.POSITIVE_INFINITY);
  const endMs = clock.elapsedMs() + (options.deadlineMs ?? Number.POSITIVE_INFINITY);

  function waitMs(error: unknown, n: number): number {
    const upper = Math.min(maxMs, minMs * factor ** (n - 1));
    const drawn = jitter ? random() * upper : upper;
    const asked = error instanceof Failure ? error.details.retryAfterMs : undefined;
    return asked === undefined ? drawn : asked + (jitter ? random() * Math.min(upper, asked) : 0);
  }

  try {
    return await pRetry(attempt, {
      retries: attempts - 1,
      // p-retry counts and stops; the waiting is ours, because it must know Retry-After and the clock.
      minTimeout: 0,
      ...(signal === undefined ? {} : { signal }),
      async shouldRetry({ error, attemptNumber }) {
        if (!mayRetry(error)) return false;
        const delayMs = waitMs(error, attemptNumber);
        if (clock.elapsedMs() + delayMs >= endMs) return false;
        await clock.sleep(delayMs, signal);
        return true;
      },
    });
  } catch (error) {
    if (signal?.aborted !== true || (error instanceof Failure && error !== signal.reason)) throw error;
    throw new Failure('cancelled', 'cancelled before another attempt', { cause: signal.reason });
  }
}
