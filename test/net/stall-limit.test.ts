import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { StallLimit } from '../../src/net/stall-limit.ts';

const BOUNDS = { leastMs: 10_000, mostMs: 30_000 };
const MINUTE = 60_000;

function openLimit(bounds = BOUNDS) {
  let nowMs = 0;
  const limit = new StallLimit(bounds, () => nowMs);
  return {
    limit,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** A minute in which bytes come every so often. */
    minute(pauseMs: number) {
      for (let at = 0; at < MINUTE; at += pauseMs) {
        nowMs += pauseMs;
        limit.waited(pauseMs);
      }
    },
  };
}

it('is the upper bound while little is known of the path', () => {
  const { limit, pass } = openLimit();
  expect(limit.ms).toBe(30_000);
  for (let n = 0; n < 29; n += 1) {
    pass(1_000);
    limit.waited(1_000);
  }
  expect(limit.ms).toBe(30_000);
});

it('is ten times the longest usual pause, and the lower bound on a lively path', () => {
  const lively = openLimit();
  lively.minute(100);
  expect(lively.limit.ms).toBe(10_000);
  const slow = openLimit();
  slow.minute(1_500);
  expect(slow.limit.ms).toBe(15_000);
  const bad = openLimit();
  bad.minute(6_000);
  expect(bad.limit.ms).toBe(30_000);
});

it('gives a long round trip its time', () => {
  const { limit, minute } = openLimit();
  limit.connected(400);
  minute(100);
  expect(limit.ms).toBe(20_000);
});

it('is longer after it was reached, and forgets that in ten minutes', () => {
  const { limit, minute } = openLimit();
  minute(100);
  limit.waited(limit.ms);
  expect(limit.ms).toBe(30_000);
  for (let n = 0; n < 9; n += 1) minute(100);
  expect(limit.ms).toBe(30_000);
  for (let n = 0; n < 3; n += 1) minute(100);
  expect(limit.ms).toBe(10_000);
});

it('does not adapt where both bounds are the same', () => {
  const { limit, minute } = openLimit({ leastMs: 5_000, mostMs: 5_000 });
  minute(10);
  expect(limit.ms).toBe(5_000);
});

test('it stays within the bounds, whatever the path does, and never below a pause that was survived', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 120_000 }), { maxLength: 200 }), (pauses) => {
      const { limit, pass } = openLimit();
      for (const pauseMs of pauses) {
        pass(pauseMs);
        limit.waited(pauseMs);
        expect(limit.ms).toBeGreaterThanOrEqual(Math.max(BOUNDS.leastMs, Math.min(pauseMs, BOUNDS.mostMs)));
        expect(limit.ms).toBeLessThanOrEqual(BOUNDS.mostMs);
      }
    }),
  );
});
