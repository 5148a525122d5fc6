import { describe, expect, test } from 'vitest';
import { blockResamples } from '../../../src/bench/statistics/block-resamples.ts';
import { BlockedValues } from '../../../src/bench/statistics/blocked-values.ts';
import { mannWhitney } from '../../../src/bench/statistics/mann-whitney.ts';
import { normalCdf } from '../../../src/bench/statistics/normal-cdf.ts';
import { findPairedShift, hodgesLehmann } from '../../../src/bench/statistics/paired-shift.ts';
import { quantile } from '../../../src/bench/statistics/quantile.ts';
import { findSpread } from '../../../src/bench/statistics/spread.ts';
import { wilsonInterval } from '../../../src/bench/statistics/wilson-interval.ts';

const VALUES = [3.1, 0.5, 2.2, 8.9, 4.4, 1.7, 2.2, 150];

describe('quantiles and spread, against numpy 2.4 and scipy 1.17', () => {
  // numpy.quantile(VALUES, p)
  test.each([
    [0, 0.5],
    [0.05, 0.92],
    [0.25, 2.075],
    [0.5, 2.65],
    [0.9, 51.23],
    [0.95, 100.615],
    [1, 150],
  ])('quantile %d is %d', (p, expected) => {
    expect(quantile(VALUES, p)).toBeCloseTo(expected, 9);
  });

  // scipy.stats.median_abs_deviation; numpy.std(ddof=1) / numpy.mean; from numpy.quantile
  test('spread', () => {
    expect(findSpread(VALUES)).toEqual({
      mad: expect.closeTo(1.35, 9),
      coefficientOfVariation: expect.closeTo(2.401565417724784, 9),
      quartileDispersion: expect.closeTo(0.4539473684210526, 9),
    });
  });

  test('nothing has no spread, and one value no variation', () => {
    expect(findSpread([])).toBeUndefined();
    expect(findSpread([7])).toEqual({ mad: 0, coefficientOfVariation: null, quartileDispersion: 0 });
  });
});

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3; the last two scipy.stats.binomtest(…, method='wilson').
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
  [168, 168, 0.9776, 1],
  [6, 6, 0.6097, 1],
])('Wilson interval of %d in %d', (hits, trials, low, high) => {
  expect(wilsonInterval(hits, trials)).toEqual({ low: expect.closeTo(low, 4), high: expect.closeTo(high, 4) });
});

// scipy.stats.norm.cdf
test.each([
  [-3, 0.0013498980316300933],
  [-1.96, 0.024997895148220435],
  [0, 0.5],
  [0.1, 0.539827837277029],
  [2.5, 0.9937903346742238],
])('normal distribution below %d', (z, expected) => {
  expect(normalCdf(z)).toBeCloseTo(expected, 6);
});

describe('Mann-Whitney, against scipy.stats.mannwhitneyu(method="asymptotic")', () => {
  // The example in scipy's own documentation: age at diagnosis of diabetes.
  test('without ties', () => {
    const result = mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12]);
    expect(result).toEqual({ u: 17, p: expect.closeTo(0.11134688653314041, 6), firstIsLess: expect.closeTo(0.15, 9) });
  });

  test('with ties', () => {
    const result = mannWhitney([1, 2, 2, 3, 5, 5, 8], [2, 3, 3, 5, 9, 9]);
    expect(result).toEqual({
      u: 14,
      p: expect.closeTo(0.3443471042330709, 6),
      firstIsLess: expect.closeTo(2 / 3, 9),
    });
  });
});

describe('Hodges-Lehmann, on the depression scores of Hollander and Wolfe (1973)', () => {
  const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const pairs = first.map((value, at) => [value, second[at] ?? Number.NaN] as const);

  // R: wilcox.test(first, second, paired = TRUE, conf.int = TRUE) says 0.46.
  test('the pseudomedian of the differences', () => {
    expect(hodgesLehmann(pairs.map(([a, b]) => a - b))).toBeCloseTo(0.46, 9);
  });

  // The same over numpy.log, by brute force in numpy.
  test('as a ratio of times', () => {
    expect(findPairedShift(pairs)).toEqual({ ratio: expect.closeTo(1.3846838219, 9), firstIsFaster: 2 / 9, pairs: 9 });
  });
});

test('the ideal bootstrap over three blocks equals all 27 ways to draw them (itertools.product and numpy)', () => {
  const values = new BlockedValues(
    [
      [1, 0],
      [9, 0],
      [3, 1],
      [4, 1],
      [20, 2],
      [2, 2],
      [7, 2],
    ].map(([value = 0, block = 0]) => ({ value, block })),
  );
  const resamples = blockResamples(3, { limit: 2_000, seed: 1 });
  const mean = (p: number) =>
    resamples.reduce((sum, resample) => sum + resample.weight * (values.quantiles([p], resample)[0] ?? 0), 0);
  expect(resamples).toHaveLength(10);
  expect(mean(0.5)).toBeCloseTo(4.851851851851852, 9);
  expect(mean(0.95)).toBeCloseTo(14.88333333333333, 9);
  expect(values.interval(0.5, resamples)).toEqual({ low: 3.5, high: 7 });
});
