import type { Failure } from '../kernel/failure.ts';
import type { Delivery, DeliveryChange } from './delivery.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;
/** Nobody is made to wait longer between two attempts, whatever they ask for. */
export const MOST_WAIT_MS = 60 * 60_000;

/**
 * What becomes of a delivery after an attempt:
 *
 * | the attempt | then |
 * |---|---|
 * | went well | delivered |
 * | says that the receiver is gone for good (410) | failed |
 * | failed | again after 1 s, 2 s, 4 s … 10 min, by up to half less, and not before what `Retry-After` says, up to an hour |
 * | failed, and the next one would be after the deadline | failed |
 *
 * A refusal other than 410 is tried again too: an operator may mend an address or a secret meanwhile.
 */
export function decideDelivery(
  delivery: Pick<Delivery, 'attempts' | 'deadlineAt'>,
  failure: Failure | undefined,
  nowMs: number,
  random: () => number = Math.random,
): DeliveryChange {
  const attempts = delivery.attempts + 1;
  if (failure === undefined)
    return { state: 'delivered', attempts, nextAttemptAt: null, deliveredAt: nowMs, lastError: null };
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(delivery.attempts, 20), LONGEST_WAIT_MS) * (1 - random() / 2);
  const nextAttemptAt = Math.round(nowMs + Math.max(waitMs, Math.min(failure.details.retryAfterMs ?? 0, MOST_WAIT_MS)));
  const isOver = failure.code === 'receiver_gone' || nextAttemptAt > delivery.deadlineAt;
  return {
    state: isOver ? 'failed' : 'pending',
    attempts,
    nextAttemptAt: isOver ? null : nextAttemptAt,
    deliveredAt: null,
    lastError: failure.message.slice(0, 1_000),
  };
}
