import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { LegForecast, type LegStage } from '../../../src/sync/estimate/leg-forecast.ts';
import { findPathFigures } from '../../../src/sync/estimate/path-figures.ts';
import type { PathRun } from '../../../src/sync/estimate/path-run.ts';

const MB = 1e6;
const SIZE = 100 * MB;

/** Legs of 100 MB that took so many seconds each, and a tenth of a second at either end. */
function historyOf(...seconds: readonly number[]): readonly PathRun[] {
  return seconds.map((each) => ({ at: 0, bytes: SIZE, headMs: 100, moveMs: each * 1_000, tailMs: 100 }));
}

/** A leg of 100 MB on a clock that a test turns. */
function openLeg(runs: readonly PathRun[]) {
  let nowMs = 0;
  let stage: LegStage = { phase: 'planning', bytesToGo: null, bytesMoved: 0 };
  const forecast = new LegForecast({
    elapsedMs: () => nowMs,
    stage: () => stage,
    figures: (bytes) => findPathFigures('history', runs, { bytes, nowMs: 0 }),
  });
  return {
    expected: () => forecast.expected(),
    begin() {
      stage = { phase: 'moving', bytesToGo: SIZE, bytesMoved: 0 };
      return forecast.expected();
    },
    /** A second in which so many bytes move. */
    second(bytes: number) {
      nowMs += 1_000;
      const bytesMoved = Math.min(SIZE, stage.bytesMoved + bytes);
      stage = { phase: bytesMoved === SIZE ? 'verifying' : 'moving', bytesToGo: SIZE - bytesMoved, bytesMoved };
      return forecast.expected();
    },
    wait(ms: number) {
      nowMs += ms;
      return forecast.expected();
    },
    get isOver() {
      return stage.phase === 'verifying';
    },
    get nowMs() {
      return nowMs;
    },
  };
}

it('says that nothing is known where there is no history and nothing flows', () => {
  const leg = openLeg([]);
  expect(leg.expected()).toEqual({ basis: 'none', samples: 0, medianMs: null, p90Ms: null });
  expect(leg.begin()).toMatchObject({ basis: 'none', medianMs: null });
  expect(leg.second(0)).toMatchObject({ basis: 'none', medianMs: null });
});

it('goes by its own bytes where there is no history, and cannot say then what one of ten exceeds', () => {
  const leg = openLeg([]);
  leg.begin();
  for (let second = 0; second < 10; second += 1) leg.second(5 * MB);
  const { basis, samples, medianMs, p90Ms } = leg.expected();
  expect({ basis, samples, p90Ms }).toEqual({ basis: 'flow', samples: 0, p90Ms: null });
  expect(medianMs).toBeGreaterThan(9_500);
  expect(medianMs).toBeLessThan(10_500);
});

it('begins with what legs of its size took', () => {
  const leg = openLeg(historyOf(18, 20, 20, 20, 40));
  expect(leg.begin()).toEqual({ basis: 'history', samples: 5, medianMs: 20_100, p90Ms: 40_100 });
});

it('follows a rate that is another than it used to be: near the end it is right whatever the history said', () => {
  for (const usual of [5, 20, 80]) {
    const leg = openLeg(historyOf(usual, usual, usual, usual, usual));
    leg.begin();
    for (let second = 0; second < 40; second += 1) leg.second(2 * MB);
    // 20 MB to go at 2 MB/s.
    expect(Math.abs((leg.expected().medianMs ?? 0) - 10_100)).toBeLessThan(4_000);
  }
});

it('counts down between two looks, and while it is verified', () => {
  const leg = openLeg(historyOf(20, 20, 20, 20, 20));
  leg.begin();
  expect(leg.wait(100).medianMs).toBe(20_000);
  const fast = openLeg(historyOf(1));
  fast.begin();
  expect(fast.second(SIZE).medianMs).toBe(100);
  expect(fast.wait(60).medianMs).toBe(40);
  expect(fast.wait(60_000).medianMs).toBe(0);
});

test('the expected end never jumps, whatever the flow does', () => {
  const rates = fc.array(fc.integer({ min: 0, max: 12 * MB }), { minLength: 1, maxLength: 120 });
  const anyHistory = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(anyHistory, rates, (seconds, flow) => {
      const leg = openLeg(historyOf(...seconds));
      let before = leg.begin();
      for (const bytes of flow) {
        const now = leg.second(bytes);
        if (leg.isOver) break;
        if (now.p90Ms !== null) expect(now.p90Ms).toBeGreaterThanOrEqual(now.medianMs ?? 0);
        if (before.medianMs !== null && now.medianMs !== null && bytes > MB) {
          // A second has passed, and what is shown moves by an eighth of what is reckoned anew at most.
          expect(before.medianMs - now.medianMs).toBeLessThanOrEqual(1_000 + before.medianMs / 8);
        }
        before = now;
      }
    }),
  );
});

test('a leg that goes as the ones before it is foreseen within a tenth all the way', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 100 }), (seconds) => {
      const leg = openLeg(historyOf(...Array.from({ length: 8 }, () => seconds)));
      leg.begin();
      const endMs = seconds * 1_000 + 100;
      while (!leg.isOver) {
        const { medianMs } = leg.second(SIZE / seconds);
        if (!leg.isOver) expect(Math.abs(leg.nowMs + (medianMs ?? 0) - endMs)).toBeLessThan(Math.max(300, endMs / 10));
      }
    }),
  );
});
