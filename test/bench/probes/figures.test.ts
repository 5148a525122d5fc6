import { describe, expect, test } from 'vitest';
import { findStalls, findSteadyRate } from '../../../src/bench/probes/flow-figures.ts';
import { settleRoundTrips } from '../../../src/bench/probes/probe-times.ts';
import { summariseRoundTrips } from '../../../src/bench/probes/round-trips.ts';

test('round trips: differences of neighbours that were both answered', () => {
  const summary = summariseRoundTrips([10, 14, null, 11, 13]);
  expect(summary).toMatchObject({ sent: 5, lost: 1, min: 10, p50: 12, max: 14, meanDifference: 3 });
  // J = 4/16, then J += (2 - J) / 16, by hand.
  expect(summary?.jitterRfc3550).toBeCloseTo(0.25 + (2 - 0.25) / 16, 12);
  expect(summary?.variationP95).toBeCloseTo(3.85, 12);
});

describe('a series of round trips', () => {
  const times = (ownMs: number, kernelMs?: number) => ({ ownMs, kernelMs });

  test('is by the kernel, so that a busy machine is not seen in it', () => {
    const series = [times(91.2, 90.8), times(140, 90.5), null, times(91.4), times(93, 91.1), times(90.9, 91.2)];
    expect(settleRoundTrips(series)).toEqual([90.8, 90.5, null, 91.4, 91.1, 90.9]);
  });

  test('is by our clock where somebody on the way acknowledges for the registry', () => {
    const series = [times(91.2, 0.3), times(94, 0.2), null, times(92, 0.4)];
    expect(settleRoundTrips(series)).toEqual([91.2, 94, null, 92]);
    // What is late at the proxy is late at whoever asked as well.
    expect(settleRoundTrips([...series, times(191, 100)])).toEqual([91.2, 94, null, 92, 191]);
  });

  test('is by our clock where the kernel tells nothing', () => {
    expect(settleRoundTrips([times(5), times(7)])).toEqual([5, 7]);
  });
});

test('no answer at all is no figure', () => {
  expect(summariseRoundTrips([null, null])).toBeNull();
});

test('exponential jitter each way: the mean difference is one and a half times its mean', () => {
  // The quantiles of the exponential distribution in a fixed shuffled order stand for random draws.
  let state = 1;
  const draw = () => {
    state = (state * 48_271) % 2_147_483_647;
    return -Math.log(state / 2_147_483_647);
  };
  const series = Array.from({ length: 20_000 }, () => 90 + draw() + draw());
  expect(summariseRoundTrips(series)?.meanDifference).toBeCloseTo(1.5, 1);
});

test('the steady rate is without the ramp-up', () => {
  const ramp = Array.from({ length: 12 }, () => 10);
  expect(findSteadyRate([...ramp, ...Array.from({ length: 40 }, () => 1_000)], 250)).toBe(4_000);
  expect(findSteadyRate([1, 1], 250)).toBeNull();
  // Taken at once by something near, and the last bytes acknowledged long after.
  expect(findSteadyRate([2_000_000, 900_000, 0, 0, 0, 0, 167], 250)).toBeNull();
});

test('a second without bytes is a stall; less is none', () => {
  expect(findStalls([5, 0, 0, 0, 5, 0, 0, 0, 0, 5], 250)).toEqual({ stalls: 1, longestMs: 1_000 });
  expect(findStalls([5, 0, 0, 0, 5], 250)).toEqual({ stalls: 0, longestMs: 750 });
  expect(findStalls([5, 0, 0, 0, 0], 250)).toEqual({ stalls: 1, longestMs: 1_000 });
});
