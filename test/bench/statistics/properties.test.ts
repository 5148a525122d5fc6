import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockResamples } from '../../../src/bench/statistics/block-resamples.ts';
import { BlockedValues } from '../../../src/bench/statistics/blocked-values.ts';
import { mannWhitney } from '../../../src/bench/statistics/mann-whitney.ts';
import { findPairedShift } from '../../../src/bench/statistics/paired-shift.ts';
import { quantile } from '../../../src/bench/statistics/quantile.ts';
import { QuantileSketch } from '../../../src/bench/statistics/quantile-sketch.ts';
import { seededRandom } from '../../../src/bench/statistics/random.ts';
import { findSpread } from '../../../src/bench/statistics/spread.ts';
import { wilsonInterval } from '../../../src/bench/statistics/wilson-interval.ts';

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const times = fc.array(positive, { minLength: 1, maxLength: 200 });

function sketchOf(values: readonly number[]): QuantileSketch {
  const sketch = new QuantileSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

describe('quantiles', () => {
  test('lie among the values, rise with p and do not depend on order', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const found = quantile(values, p);
        expect(found).toBeGreaterThanOrEqual(Math.min(...values));
        expect(found).toBeLessThanOrEqual(Math.max(...values));
        expect(quantile(values, Math.min(1, p + 0.1))).toBeGreaterThanOrEqual(found);
        expect(quantile(values.toReversed(), p)).toBe(found);
      }),
    );
  });

  test('spread is relative where it says so', () => {
    fc.assert(
      fc.property(times, (values) => {
        const [once, twice] = [findSpread(values), findSpread(values.map((value) => value * 2))];
        expect(twice?.mad).toBeCloseTo((once?.mad ?? 0) * 2, 6);
        expect(twice?.quartileDispersion).toBeCloseTo(once?.quartileDispersion ?? 0, 9);
      }),
    );
  });
});

test('a Wilson interval holds the share, narrows with trials and mirrors', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
      const hits = Math.round(share * trials);
      const { low, high } = wilsonInterval(hits, trials);
      expect(low).toBeLessThanOrEqual(hits / trials);
      expect(high).toBeGreaterThanOrEqual(hits / trials);
      const mirrored = wilsonInterval(trials - hits, trials);
      expect(mirrored.low).toBeCloseTo(1 - high, 9);
      const more = wilsonInterval(hits * 4, trials * 4);
      expect(more.high - more.low).toBeLessThan(high - low);
    }),
  );
});

describe('resampling', () => {
  test.each([1, 2, 5, 7, 12])('of %d blocks draws as many, and weights sum to 1', (blocks) => {
    const resamples = blockResamples(blocks, { limit: 2_000, seed: 7 });
    expect(resamples.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    for (const { counts } of resamples) expect(counts.reduce((sum, count) => sum + count, 0)).toBe(blocks);
    const mean = resamples.reduce((sum, { counts, weight }) => sum + weight * (counts[0] ?? 0), 0);
    expect(mean).toBeCloseTo(1, blocks > 7 ? 1 : 9);
  });

  test('is repeated by its seed, and only by it', () => {
    const draw = (seed: number) => blockResamples(10, { limit: 50, seed }).map(({ counts }) => counts.join());
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  test('with every block once gives the quantiles of the values themselves', () => {
    const blocked = fc.array(fc.record({ value: positive, block: fc.nat(6) }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(blocked, (values) => {
        const found = new BlockedValues(values).quantiles([0.05, 0.5, 0.95], { counts: new Uint8Array(7).fill(1) });
        const raw = values.map(({ value }) => value);
        expect(found).toEqual([0.05, 0.5, 0.95].map((p) => quantile(raw, p)));
      }),
    );
  });

  test('random numbers fill their range evenly', () => {
    const random = seededRandom(42);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 100_000; draw += 1) {
      const number = random(10);
      counts[number] = (counts[number] ?? 0) + 1;
    }
    // Chi-square with 9 degrees of freedom: 27.9 is passed once in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  });
});

describe('comparisons', () => {
  test('turn around when the groups do', () => {
    fc.assert(
      fc.property(times, times, (first, second) => {
        const [there, back] = [mannWhitney(first, second), mannWhitney(second, first)];
        expect((there?.u ?? 0) + (back?.u ?? 0)).toBe(first.length * second.length);
        expect(there?.p).toBeCloseTo(back?.p ?? Number.NaN, 9);
        expect((there?.firstIsLess ?? 0) + (back?.firstIsLess ?? 0)).toBeCloseTo(1, 9);
      }),
    );
  });

  test('a path that always takes k times as long is found to', () => {
    fc.assert(
      fc.property(
        fc.array(positive, { minLength: 1, maxLength: 40 }),
        fc.double({ min: 1.01, max: 50, noNaN: true }),
        (fast, k) => {
          const shift = findPairedShift(fast.map((time) => [time * k, time] as const));
          expect(shift?.ratio).toBeCloseTo(k, 6);
          expect(shift?.firstIsFaster).toBe(0);
        },
      ),
    );
  });

  test('groups that are all alike do not differ', () => {
    expect(mannWhitney([5, 5, 5], [5, 5])).toEqual({ u: 3, p: 1, firstIsLess: 0.5 });
    expect(mannWhitney([], [1])).toBeUndefined();
  });
});

describe('a sketch', () => {
  test('is within 1 % of the raw quantile, however few there are', () => {
    const ps = [0, 0.1, 0.5, 0.9, 0.95, 1];
    fc.assert(
      fc.property(times, (values) => {
        const found = sketchOf(values).quantiles(ps);
        for (const [nth, p] of ps.entries()) {
          const raw = quantile(values, p);
          expect(Math.abs((found[nth] ?? 0) - raw)).toBeLessThanOrEqual(raw * 0.01);
        }
      }),
    );
    expect(sketchOf([10, 20]).quantile(0.95)).toBeCloseTo(19.5, 0);
  });

  test('merged, and through its bytes, equals the sketch of everything', () => {
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 8 }), (hours) => {
        const merged = new QuantileSketch();
        for (const hour of hours) merged.mergeBytes(sketchOf(hour).toBytes());
        const also = new QuantileSketch();
        for (const hour of hours) also.merge(sketchOf(hour));
        const whole = sketchOf(hours.flat());
        expect(merged.toBytes()).toEqual(whole.toBytes());
        expect(also.toBytes()).toEqual(whole.toBytes());
        expect(merged.count).toBe(hours.flat().length);
      }),
    );
  });

  test('takes zeros, and refuses what is no measure', () => {
    const sketch = sketchOf([0, 0, 4]);
    for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY]) expect(sketch.add(bad)).toBe(false);
    expect(sketch.count).toBe(3);
    expect(sketch.quantile(0.5)).toBe(0);
    expect(sketch.quantile(1)).toBe(4);
    expect(new QuantileSketch().quantile(0.5)).toBeUndefined();
  });

  test('refuses foreign and cut bytes', () => {
    const bytes = sketchOf([1, 2, 3_000]).toBytes();
    expect(() => new QuantileSketch().mergeBytes(bytes.subarray(0, 10))).toThrow(RangeError);
    expect(() => new QuantileSketch().mergeBytes(Buffer.from([9, ...bytes.subarray(1)]))).toThrow(RangeError);
  });
});
