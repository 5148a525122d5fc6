import type { LocalTime } from './local-time.ts';
import type { PathLeg } from './measurement.ts';
import type { PathObservation } from './path-observation.ts';
import type { RuleSettings } from './rule-settings.ts';

export type Shortfall = {
  readonly what: 'samples' | 'days' | 'hoursOfDay' | 'newest';
  /** Rounds, days or hours; of `newest` the age in hours, null where there is none. */
  readonly have: number | null;
  readonly need: number;
};

/** How well a registry was measured. */
export type Coverage = {
  readonly samples: number;
  readonly days: number;
  readonly hoursOfDay: number;
  readonly newestAt: number | null;
  /** Rounds that do not count because a machine that measured was busy, and the legs that it measured. */
  readonly busy: { readonly rounds: number; readonly legs: readonly PathLeg[] };
  /** What is missing until it is enough; empty when it is. */
  readonly missing: readonly Shortfall[];
};

const LEGS: readonly PathLeg[] = ['upload', 'download'];

/** What counts is clean; the rest is told beside it. */
export function findCoverage(
  measured: readonly PathObservation[],
  at: number,
  { minimum, newestWithinMs }: Pick<RuleSettings, 'minimum' | 'newestWithinMs'>,
  toLocal: (atMs: number) => LocalTime,
): Coverage {
  const [clean, suspect] = [measured.filter(isClean), measured.filter((one) => !isClean(one))];
  const times = clean.map((observation) => toLocal(observation.at));
  const samples = clean.length;
  const days = new Set(times.map(({ day }) => day)).size;
  const hoursOfDay = new Set(times.map(({ hour }) => hour)).size;
  const newestAt = clean.reduce<number | null>((newest, one) => Math.max(newest ?? one.at, one.at), null);
  const missing: Shortfall[] = [];
  for (const [what, have] of [
    ['samples', samples],
    ['days', days],
    ['hoursOfDay', hoursOfDay],
  ] as const) {
    if (have < minimum[what]) missing.push({ what, have, need: minimum[what] });
  }
  const age = newestAt === null ? null : at - newestAt;
  if (age === null || age > newestWithinMs)
    missing.push({ what: 'newest', have: age === null ? null : age / 3_600_000, need: newestWithinMs / 3_600_000 });
  const legs = LEGS.filter((leg) => suspect.some(({ busyLegs }) => busyLegs.includes(leg)));
  return { samples, days, hoursOfDay, newestAt, busy: { rounds: suspect.length, legs }, missing };
}

/** No busy machine took part in it. */
export function isClean({ busyLegs }: PathObservation): boolean {
  return busyLegs.length === 0;
}
