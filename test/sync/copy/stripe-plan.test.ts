import { describe, expect, it } from 'vitest';
import { StripePlan } from '../../../src/sync/copy/stripe-plan.ts';

const MIB = 1024 * 1024;

describe('a plan of stripes', () => {
  it('gives bytes out from the front, less and less towards the end, each once', () => {
    const plan = new StripePlan([{ offset: MIB, end: 100 * MIB }]);
    const stripes = Array.from({ length: 40 }, () => plan.take(4, 0)).filter((stripe) => stripe !== undefined);
    expect(stripes[0]?.position).toBe(MIB);
    expect(stripes.every(({ position }, n) => n === 0 || position === stripes[n - 1]?.end)).toBe(true);
    expect(stripes.at(-1)?.end).toBe(100 * MIB);
    const sizes = stripes.map(({ position, end }) => end - position);
    expect(sizes[0]).toBeGreaterThan(10 * MIB);
    expect(Math.max(...sizes)).toBe(sizes[0]);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(2 * MIB);
    expect(plan.take(4, 0)).toBeUndefined();
  });

  it('never crosses what is there already', () => {
    const plan = new StripePlan([
      { offset: 0, end: 2 * MIB },
      { offset: 9 * MIB, end: 10 * MIB },
    ]);
    expect(plan.take(1, 0)).toMatchObject({ position: 0, end: 2 * MIB });
    expect(plan.take(1, 0)).toMatchObject({ position: 9 * MIB, end: 10 * MIB });
  });

  it('gives what a stripe has left to the next who asks', () => {
    const plan = new StripePlan([{ offset: 0, end: 3 * MIB }]);
    const stripe = plan.take(1, 0);
    if (stripe === undefined) throw new Error('nothing was given');
    stripe.position = MIB;
    plan.end(stripe);
    expect(plan.take(1, 0)).toMatchObject({ position: MIB, end: 3 * MIB });
  });

  it('takes the latter half from the stripe that would last longest, where that is worth it', () => {
    const plan = new StripePlan([
      { offset: 0, end: 8 * MIB },
      { offset: 10 * MIB, end: 18 * MIB },
    ]);
    const fast = plan.takeRange({ offset: 0, end: 8 * MIB }, 0);
    const slow = plan.takeRange({ offset: 10 * MIB, end: 18 * MIB }, 0);
    fast.position = 4 * MIB;
    slow.position = 11 * MIB;
    expect(plan.steal(1_000, 10_000)).toBeUndefined();
    expect(plan.steal(1_000, 2_000)).toMatchObject({ position: slow.end, end: 18 * MIB });
    expect(slow.end).toBe(14.5 * MIB);
    expect(fast.end).toBe(8 * MIB);
  });
});
