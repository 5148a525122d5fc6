import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { findPathFigures } from '../../../src/sync/estimate/path-figures.ts';
import type { PathRun } from '../../../src/sync/estimate/path-run.ts';

const NOON = Date.UTC(2026, 2, 1, 12, 30);
const HOUR = 3_600_000;
const MIB = 2 ** 20;

const runOf = (change: Partial<PathRun> = {}): PathRun => ({
  at: NOON,
  bytes: 10 * MIB,
  headMs: 200,
  moveMs: 10_000,
  tailMs: 300,
  ...change,
});
const times = <T>(count: number, make: (nth: number) => T) => Array.from({ length: count }, (_, nth) => make(nth));
const figures = (runs: readonly PathRun[], bytes: number | null, nowMs = NOON) =>
  findPathFigures('history', runs, { bytes, nowMs });

const duration = fc.integer({ min: 0, max: 10_000_000 });
const anyRun = fc.record({
  at: fc.integer({ min: 0, max: 4e12 }),
  bytes: fc.integer({ min: 0, max: 2 ** 40 }),
  headMs: duration,
  moveMs: duration,
  tailMs: duration,
});
const anyRuns = fc.array(anyRun, { maxLength: 60 });
const anyBytes = fc.integer({ min: 0, max: 2 ** 40 });

describe('what runs say', () => {
  test('is between the fastest and the slowest of them, and nine of ten are not below half', () => {
    fc.assert(
      fc.property(anyRuns, fc.option(anyBytes), fc.integer({ min: 0, max: 4e12 }), (runs, bytes, nowMs) => {
        const found = figures(runs, bytes, nowMs);
        if (found === undefined) return;
        expect(found.samples).toBeGreaterThan(0);
        expect(found.samples).toBeLessThanOrEqual(runs.length);
        for (const { median, p90 } of [found.wholeMs, found.tailMs, found.msPerByte]) {
          expect(median).toBeGreaterThanOrEqual(0);
          if (p90 !== null) expect(p90).toBeGreaterThanOrEqual(median);
        }
        const tails = runs.map((run) => run.tailMs);
        expect(found.tailMs.median).toBeGreaterThanOrEqual(Math.min(...tails));
        expect(found.tailMs.p90 ?? 0).toBeLessThanOrEqual(Math.max(...tails));
      }),
    );
  });

  test('of more bytes is never less', () => {
    fc.assert(
      fc.property(anyRuns, anyBytes, anyBytes, (runs, one, other) => {
        const [less, more] = [Math.min(one, other) + MIB, Math.max(one, other) + MIB].map((each) =>
          figures(runs, each),
        );
        expect(less === undefined).toBe(more === undefined);
        expect(more?.wholeMs.median ?? 0).toBeGreaterThanOrEqual(less?.wholeMs.median ?? 0);
        expect(more?.wholeMs.p90 ?? 0).toBeGreaterThanOrEqual(less?.wholeMs.p90 ?? 0);
      }),
    );
  });

  test('does not depend on their order', () => {
    fc.assert(
      fc.property(anyRuns, anyBytes, (runs, bytes) => {
        expect(figures([...runs].reverse(), bytes)).toEqual(figures(runs, bytes));
      }),
    );
  });

  test('of a path that always takes the same is just that, scaled to the bytes', () => {
    const same = times(9, () => runOf());
    expect(figures(same, 10 * MIB)?.wholeMs).toEqual({ median: 10_500, p90: 10_500 });
    expect(figures(same, 30 * MIB)?.wholeMs).toEqual({ median: 30_500, p90: 30_500 });
  });
});

it('says nothing without a run, and nothing of a large blob from small ones', () => {
  expect(figures([], MIB)).toBeUndefined();
  expect(figures([], null)).toBeUndefined();
  expect(figures([runOf({ bytes: 1_000 })], 100 * MIB)).toBeUndefined();
  expect(figures([runOf({ bytes: 0 })], null)).toBeUndefined();
});

it('says what one of ten exceeds from five on', () => {
  expect(
    figures(
      times(4, () => runOf()),
      MIB,
    )?.wholeMs.p90,
  ).toBeNull();
  const ten = times(10, (nth) => runOf({ tailMs: nth * 100 }));
  expect(figures(ten, MIB)?.tailMs).toEqual({ median: 400, p90: 800 });
});

it('takes small legs as they were: their time is round trips', () => {
  const runs = [runOf(), runOf({ bytes: 2_000, headMs: 180, moveMs: 360, tailMs: 180 })];
  expect(figures(runs, 40_000)?.wholeMs.median).toBe(720);
});

it('goes by the hour of the day, over midnight too, once it has enough of it', () => {
  const evening = (count: number) =>
    times(count, (nth) => runOf({ at: NOON + 11 * HOUR - nth * 24 * HOUR, moveMs: 60_000 }));
  const day = times(30, () => runOf());
  const midnight = NOON + 12 * HOUR;
  expect(figures([...day, ...evening(7)], 10 * MIB, midnight)?.wholeMs.median).toBe(10_500);
  expect(figures([...day, ...evening(8)], 10 * MIB, midnight)).toMatchObject({
    samples: 8,
    wholeMs: { median: 60_500 },
  });
});

it('does not take the payload of a sample for the size of an image', () => {
  expect(findPathFigures('benchmark', [runOf()], { bytes: null, nowMs: NOON })).toBeUndefined();
  expect(findPathFigures('benchmark', [runOf()], { bytes: 20 * MIB, nowMs: NOON })).toMatchObject({
    basis: 'benchmark',
    wholeMs: { median: 20_500 },
  });
});
