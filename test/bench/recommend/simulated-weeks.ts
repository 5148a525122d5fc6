import type { Measurement } from '../../../src/bench/recommend/measurement.ts';
import { type RandomInteger, seededRandom } from '../../../src/bench/statistics/random.ts';

/** One path: megabits per second of a single cubic flow, and the share of rounds that fail, by day and at its peak. */
export type PathProfile = {
  readonly day: { readonly rate: number; readonly fail: number };
  readonly peak: { readonly rate: number; readonly fail: number };
};

/**
 * The border from Beijing, calibrated to the story: one cubic flow on an emulated link, loss and round trips as
 * published for it (doi 10.1145/3379479), the evening's slow hours around 21:00 Beijing time.
 */
export const BORDER: Readonly<Record<string, PathProfile>> = {
  singapore: { day: { rate: 6.97, fail: 0.002 }, peak: { rate: 3.6, fail: 0.01 } },
  korea: { day: { rate: 12.2, fail: 0.01 }, peak: { rate: 0.75, fail: 0.08 } },
  japan: { day: { rate: 6.6, fail: 0.02 }, peak: { rate: 0.51, fail: 0.12 } },
  'us-west': { day: { rate: 5.8, fail: 0.005 }, peak: { rate: 0.63, fail: 0.04 } },
};

const HOUR = 3_600_000;
/** Midnight in Beijing. */
export const START = Date.parse('2026-03-01T00:00:00+08:00');

export type Simulation = {
  readonly profiles: Readonly<Record<string, PathProfile>>;
  readonly days: number;
  readonly roundsPerDay?: number;
  readonly seed: number;
  /** Of the natural logarithm of the rate from round to round. */
  readonly noise?: number;
  /** Megabits per second of the way on to the clusters. */
  readonly onward?: number;
};

/** What rounds at even distances would have measured, both legs. */
export function simulate(simulation: Simulation): readonly Measurement[] {
  const { profiles, days, roundsPerDay = 24, seed, noise = 0.2, onward = 50 } = simulation;
  const random = seededRandom(seed);
  const step = (24 * HOUR) / roundsPerDay;
  return Array.from({ length: days * roundsPerDay }, (_, round) => {
    const at = START + round * step;
    return Object.entries(profiles).flatMap(([registry, { day, peak }]): Measurement[] => {
      const share = peakShare((at - START) / HOUR);
      const rate = day.rate ** (1 - share) * peak.rate ** share * Math.exp(noise * normal(random));
      const failed = unit(random) < day.fail + share * (peak.fail - day.fail);
      const base = { registry, round: `round-${round}`, payloadBytes: 16_000_000, suspect: false, stalls: 0 };
      return [
        {
          ...base,
          leg: 'upload',
          at,
          ok: !failed,
          setupSeconds: 0.4,
          rate: failed ? null : rate * 125_000,
          jitterMs: 1.5,
        },
        {
          ...base,
          leg: 'download',
          at: at + 60_000,
          ok: true,
          setupSeconds: 0.6,
          rate: onward * 125_000,
          jitterMs: 0.5,
        },
      ];
    });
  }).flat();
}

/** 0 by day, 1 at 21:00, a bell of 3.2 hours between. */
function peakShare(hours: number): number {
  const fromPeak = ((hours - 21 + 36) % 24) - 12;
  return Math.exp(-(fromPeak ** 2) / (2 * 3.2 ** 2));
}

function unit(random: RandomInteger): number {
  return random(2 ** 31) / 2 ** 31;
}

/** Box and Muller. */
function normal(random: RandomInteger): number {
  return Math.sqrt(-2 * Math.log(1 - unit(random))) * Math.cos(2 * Math.PI * unit(random));
}
