import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransferState } from '../../../src/sync/push/push-record.ts';
import { FINAL_TRANSFER_STATES, pushStateOf } from '../../../src/sync/push/push-state.ts';

const ALL: TransferState[] = ['queued', 'running', 'verifying', 'waiting', 'placed', 'failed', 'cancelled'];
const of = (...states: TransferState[]) => pushStateOf(states.map((state) => ({ state })));

describe("a push's state from those of its legs", () => {
  it.each([
    ['running', ['placed', 'waiting']],
    ['placed', ['placed', 'placed']],
    ['partial', ['placed', 'failed']],
    ['partial', ['placed', 'cancelled']],
    ['failed', ['failed', 'cancelled']],
    ['cancelled', ['cancelled', 'cancelled']],
  ] as const)('is %s for %j', (state, legs) => {
    expect(of(...legs)).toBe(state);
  });

  it('is running exactly as long as a leg may still move, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ALL), { minLength: 1 }), (states) => {
        expect(of(...states) === 'running').toBe(states.some((state) => !FINAL_TRANSFER_STATES.has(state)));
        expect(of(...states)).toBe(of(...states.toReversed()));
      }),
    );
  });
});
