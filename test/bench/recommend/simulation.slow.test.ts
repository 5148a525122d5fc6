import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../src/bench/recommend/measurement.ts';
import { recommend } from '../../../src/bench/recommend/recommend.ts';
import type { Incumbent } from '../../../src/bench/recommend/switch-decision.ts';
import { quantile } from '../../../src/bench/statistics/quantile.ts';
import { questionAbout } from './recommend-question.ts';
import { BORDER, START, simulate } from './simulated-weeks.ts';

const DAY = 24 * 3_600_000;
/** As in the simulation that the rule was made with, so that all four are compared: the border fails more than 10 %. */
const SUCCESS = 0.75;

/** The registry that each day's figures name, from the second week on. */
function fastestOfEachDay(measurements: readonly Measurement[], days: number): string[] {
  const registries = [...new Set(measurements.map(({ registry }) => registry))];
  return Array.from({ length: days - 8 }, (_, day) => {
    const from = START + (day + 8) * DAY;
    const medianOf = (registry: string) =>
      quantile(
        measurements
          .filter((one) => one.registry === registry && one.leg === 'upload' && one.at >= from && one.at < from + DAY)
          .map(({ rate }) => (rate === null ? 1_800 : 150e6 / rate)),
        0.5,
      );
    return registries.toSorted((a, b) => medianOf(a) - medianOf(b))[0] ?? '';
  });
}

function recommendedOnEachDay(measurements: readonly Measurement[], days: number): string[] {
  let incumbent: Incumbent | null = null;
  return Array.from({ length: days - 8 }, (_, day) => {
    const at = START + (day + 9) * DAY - 1;
    const { registry } = recommend(
      questionAbout(measurements, { at, incumbent, rule: { ...questionAbout([]).rule, success: SUCCESS } }),
    );
    if (registry !== null && registry !== incumbent?.registry) incumbent = { registry, since: at };
    return registry ?? '';
  });
}

const switches = (names: readonly string[]) => names.slice(1).filter((name, day) => name !== names[day]).length;

describe('three weeks at the border, 24 rounds a day', () => {
  const days = 21;
  const runs = [1, 2, 3].map((seed) => simulate({ profiles: BORDER, days, seed }));

  test('the fastest median is mostly an unsteady registry, and changes', () => {
    // Six rounds a day are what a cautious budget allows; then the day decides what the median is.
    const few = [1, 2, 3, 4].map((seed) => simulate({ profiles: BORDER, days, roundsPerDay: 6, seed, noise: 0.4 }));
    const fastest = few.map((measurements) => fastestOfEachDay(measurements, days));
    expect(fastest.flat().filter((name) => name !== 'singapore').length).toBeGreaterThan(fastest.flat().length / 2);
    for (const names of fastest) expect(switches(names)).toBeGreaterThan(0);
  });

  test('the rule recommends Singapore on every day', () => {
    for (const measurements of runs)
      expect(new Set(recommendedOnEachDay(measurements, days))).toEqual(new Set(['singapore']));
  });
});

describe('two paths that are nearly alike', () => {
  const { singapore } = BORDER;
  if (singapore === undefined) throw new Error('the border has lost Singapore');
  const near = {
    singapore,
    japan: { day: { rate: 7.1, fail: 0.002 }, peak: { rate: 3.55, fail: 0.01 } },
  };

  test('never make the rule flap', () => {
    for (const seed of [1, 2, 3]) {
      const measurements = simulate({ profiles: near, days: 21, seed, noise: 0.3 });
      expect(switches(recommendedOnEachDay(measurements, 21))).toBe(0);
    }
  });

  test('would flap without hysteresis', () => {
    const today = [1, 2, 3, 4, 5, 6].map((seed) => {
      const measurements = simulate({ profiles: near, days: 21, seed, noise: 0.3 });
      const names = Array.from({ length: 13 }, (_, day) => {
        const { best } = recommend(questionAbout(measurements, { at: START + (day + 9) * DAY - 1 }));
        return best ?? '';
      });
      return switches(names);
    });
    expect(Math.max(...today)).toBeGreaterThan(0);
  });
});
