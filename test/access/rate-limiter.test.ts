import { expect, test } from 'vitest';
import { RateLimiter } from '../../src/access/rate-limiter.ts';

function openLimiter(perSecond: number, burst: number) {
  const clock = { nowMs: 1_000 };
  return { clock, limiter: new RateLimiter({ perSecond, burst }, { elapsedMs: () => clock.nowMs }) };
}

test('so many at once, then one for each interval, and the wait that is told is the one that helps', () => {
  const { clock, limiter } = openLimiter(10, 3);
  expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([undefined, undefined, undefined]);
  expect(limiter.take('a')).toBe(100);
  clock.nowMs += 99;
  expect(limiter.take('a')).toBe(1);
  clock.nowMs += 1;
  expect(limiter.take('a')).toBeUndefined();
  expect(limiter.take('a')).toBe(100);
  clock.nowMs += 60_000;
  expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([undefined, undefined, undefined, 100]);
});

test('over any time no more is given than the rate and the burst allow, and no less', () => {
  const { clock, limiter } = openLimiter(1_000, 50);
  let given = 0;
  for (; clock.nowMs < 11_000; clock.nowMs += 0.25) if (limiter.take('a') === undefined) given += 1;
  expect(given).toBeGreaterThanOrEqual(10_000);
  expect(given).toBeLessThanOrEqual(10_051);
});

test('one key takes nothing from another, however many there are', () => {
  const { limiter } = openLimiter(1, 1);
  expect(limiter.take('a')).toBeUndefined();
  expect(limiter.take('a')).toBe(1_000);
  for (let n = 0; n < 100_000; n += 1) expect(limiter.take(`other ${n}`)).toBeUndefined();
});
