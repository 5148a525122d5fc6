import type { PushState, TransferState } from './push-record.ts';

/** A transfer in one of these never moves by itself again. */
export const FINAL_TRANSFER_STATES: ReadonlySet<TransferState> = new Set(['placed', 'failed', 'cancelled']);

/**
 * A push's state from those of its legs.
 *
 * | legs                              | push      |
 * |-----------------------------------|-----------|
 * | any not final                     | running   |
 * | all placed                        | placed    |
 * | some placed                       | partial   |
 * | none placed, any failed           | failed    |
 * | none placed, none failed          | cancelled |
 */
export function pushStateOf(legs: readonly { readonly state: TransferState }[]): PushState {
  if (legs.some(({ state }) => !FINAL_TRANSFER_STATES.has(state))) return 'running';
  const placed = legs.filter(({ state }) => state === 'placed').length;
  if (placed === legs.length) return 'placed';
  if (placed > 0) return 'partial';
  return legs.some(({ state }) => state === 'failed') ? 'failed' : 'cancelled';
}
