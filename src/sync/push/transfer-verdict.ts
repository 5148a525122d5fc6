import { Failure, isFailure } from '../../kernel/failure.ts';
import type { TransferError, TransferRecord } from './push-record.ts';

/** Longest wait between two attempts of a leg, milliseconds. */
export const MAX_WAIT_MS = 5 * 60_000;
const FIRST_WAIT_MS = 1_000;

export type TransferVerdict = Pick<TransferRecord, 'state' | 'nextAttemptAt' | 'error'>;

/**
 * What becomes of a leg whose attempt failed.
 *
 * | the failure                     | before the deadline                          | at or after it |
 * |---------------------------------|----------------------------------------------|----------------|
 * | may pass (`mayRetry`)           | `waiting`, 1 s doubling to 5 min, half random | `failed`       |
 * | will not pass by itself         | `failed`                                     | `failed`       |
 *
 * The wait is never shorter than the other side asked for. A full disk or depot is waited out like anything that may
 * pass: pushes pause, they do not fail.
 */
export function judgeFailure(
  failure: Failure,
  leg: { readonly attempts: number; readonly deadlineAt: number; readonly nowMs: number },
  random: () => number = Math.random,
): TransferVerdict {
  const { attempts, deadlineAt, nowMs } = leg;
  const error = toTransferError(failure, nowMs);
  if (!failure.mayRetry) return { state: 'failed', nextAttemptAt: null, error };
  const ceilingMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20), MAX_WAIT_MS);
  const waitMs = Math.max(ceilingMs * (0.5 + random() / 2), Math.min(failure.details.retryAfterMs ?? 0, MAX_WAIT_MS));
  if (nowMs + waitMs < deadlineAt) return { state: 'waiting', nextAttemptAt: Math.round(nowMs + waitMs), error };
  return {
    state: 'failed',
    nextAttemptAt: null,
    error: {
      ...error,
      code: 'deadline_exceeded',
      detail: `gave up at the deadline after ${attempts} attempts; the last one: ${error.detail}`,
    },
  };
}

export function toTransferError(failure: Failure, nowMs: number): TransferError {
  return {
    code: failure.code,
    detail: failure.message,
    side: failure.details.side ?? 'here',
    step: failure.details.step ?? 'transfer',
    at: nowMs,
  };
}

/** The reason a running leg is stopped by hand. */
export function cancellation(): Failure {
  return new Failure('cancelled', 'the push was cancelled', { side: 'here', step: 'transfer' });
}

export function isCancellation(error: unknown): boolean {
  return isFailure(error, 'cancelled') && error.details.step === 'transfer';
}
