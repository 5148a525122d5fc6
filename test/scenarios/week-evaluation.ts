import { expect } from 'vitest';
import type { Measurement } from '../../src/bench/recommend/measurement.ts';
import { recommend } from '../../src/bench/recommend/recommend.ts';
import { questionAbout } from '../bench/recommend/recommend-question.ts';
import { figuresOf, type RawSample } from '../support/independent-figures.ts';
import { type PlainMeasurement, recommendIndependently } from '../support/independent-recommendation.ts';
import { type RecordedWorlds, resampleDays } from './resampled-days.ts';
import { round, say } from './say.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export type EvaluatedDay = {
  readonly registry: string | null;
  /** Who had the fastest median of each quarter of the day, from its beginning on. */
  readonly fastest: readonly string[];
};

const QUARTER = DAY / 4;

/**
 * What the rule says on each of seven days, each with the seven days before it, all drawn from what was recorded; and
 * which registry had the fastest median of each quarter of that day, as whoever tests for some hours finds it. An independent script must say the same, or it throws.
 */
export function evaluateWeek(
  kind: string,
  worlds: RecordedWorlds,
  seed: number,
  nowAt = Date.now(),
): readonly EvaluatedDay[] {
  const until = Math.floor(nowAt / HOUR) * HOUR;
  const samples = resampleDays(worlds, 15, until, seed);
  const plain = samples.flatMap((sample) => figuresOf(sample) ?? []);
  const measurements = samples.map((sample) => ({ ...sample, at: Date.parse(sample.at) }) as unknown as Measurement);
  const names = [...new Set(samples.map(({ registry }) => registry))].sort();
  const candidates = names.map((registry) => ({ registry, costPerGb: null }));
  return Array.from({ length: 7 }, (_, day) => {
    const at = until - (6 - day) * DAY;
    const { state, registry, best, ranked } = recommend(questionAbout(measurements, { at, candidates }));
    const independent = recommendIndependently({
      ...{ at, candidates, legs: ['upload', 'download'], incumbent: null, measurements: plain },
    });
    expect({ state, registry, best }).toEqual(independent);
    const fastest = [3, 2, 1, 0].map((quarter) => {
      const end = at - quarter * QUARTER;
      return fastestOf(
        names,
        plain.filter((one) => one.at > end - QUARTER && one.at <= end),
      );
    });
    const ofDay = fastestOf(
      names,
      plain.filter((one) => one.at > at - DAY && one.at <= at),
    );
    const figures = ranked
      .map(
        ({ registry: name, figures: found, gate }) =>
          `${name} ${round(found?.p50 ?? 0)}/${round(found?.p95 ?? 0)} s ${round(gate.success.share * 100)} %`,
      )
      .join(', ');
    say(
      `${kind}, day ${day + 1}: ${registry} (${state}); fastest at the median: ${ofDay}, by quarters of the day ${fastest.join(' ')}; ${figures}`,
    );
    return { registry, fastest };
  });
}

/** What an independent script says of such a week at an instant. */
export function recommendWeek(samples: readonly RawSample[], at: number): string | null {
  const measurements = samples.flatMap((sample) => figuresOf(sample) ?? []);
  const names = [...new Set(samples.map(({ registry }) => registry))].sort();
  const candidates = names.map((registry) => ({ registry, costPerGb: null }));
  const question = { at, candidates, legs: ['upload', 'download'], incumbent: null, measurements };
  return recommendIndependently(question).registry;
}

/** Who was the fastest at the median of the rounds, both legs together. */
function fastestOf(names: readonly string[], measurements: readonly PlainMeasurement[]): string {
  const medians = names.map((registry) => {
    const own = measurements.filter((one) => one.registry === registry);
    const seconds = [...Map.groupBy(own, (one) => one.round).values()].map((legs) =>
      legs.reduce(
        (sum, { ok, rate, setupSeconds }) => sum + (ok && rate !== null ? setupSeconds + 150e6 / rate : 1_800),
        0,
      ),
    );
    return { registry, median: seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? Infinity };
  });
  return medians.reduce((best, one) => (one.median < best.median ? one : best)).registry;
}
