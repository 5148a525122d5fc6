import { mannWhitney } from '../statistics/mann-whitney.ts';
import { findPairedShift } from '../statistics/paired-shift.ts';
import { median, quantileOfSorted, sortNumbers } from '../statistics/quantile.ts';
import { findSpread } from '../statistics/spread.ts';
import { wilsonInterval } from '../statistics/wilson-interval.ts';
import type { Contest } from './contest.ts';
import { localTimes } from './local-time.ts';
import type { PathLeg } from './measurement.ts';
import type { PathObservation } from './path-observation.ts';
import type { Comparison, RegistryFigures } from './recommendation.ts';
import type { CandidateStanding, Standing } from './standing.ts';

/** What is told of a registry; null where nothing was measured. `other` is whom it is compared with. */
export function findRegistryFigures(
  candidate: CandidateStanding,
  { contest, contestants }: Pick<Standing, 'contest' | 'contestants'>,
  other: CandidateStanding | undefined,
  timeZone: string,
): RegistryFigures | null {
  const { registry, observations } = candidate;
  const seconds = sortNumbers(observations.map((one) => one.seconds));
  const spread = findSpread([...seconds]);
  if (spread === undefined) return null;
  const at = (p: number) => quantileOfSorted(seconds, p);
  const stalled = observations.filter((one) => one.stalled).length;
  const jitters = observations.flatMap(({ jitterMs }) => jitterMs ?? []);
  const isContestant = contestants.includes(registry);
  return {
    p5: at(0.05),
    p10: at(0.1),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    medianInterval: findMedianInterval(contest, registry),
    stabilityIndex: at(0.95) / at(0.5),
    chanceOfStability: isContestant ? contest.chanceOfStability(registry) : null,
    chanceOfWinning: isContestant ? contest.chanceOfWinning(registry) : null,
    ...spread,
    worstHour: findWorstHour(observations, at(0.5), timeZone),
    stalled: { share: stalled / observations.length, ...wilsonInterval(stalled, observations.length) },
    jitterMs: jitters.length === 0 ? null : median(jitters),
    legs: { upload: legMedian(observations, 'upload'), download: legMedian(observations, 'download') },
    setAside: candidate.setAside,
    costPerGb: candidate.costPerGb,
    against: other === undefined || other === candidate ? null : compare(observations, other.observations),
  };
}

/** Of one day no interval can be told. */
function findMedianInterval(contest: Contest, registry: string): RegistryFigures['medianInterval'] {
  return contest.resamples > 1 ? (contest.medianInterval(registry) ?? null) : null;
}

const LEAST_PER_HOUR = 3;

function findWorstHour(observations: readonly PathObservation[], whole: number, timeZone: string) {
  const toLocal = localTimes(timeZone);
  const byHour = Map.groupBy(observations, ({ at }) => toLocal(at).hour);
  const hours = [...byHour]
    .filter(([, members]) => members.length >= LEAST_PER_HOUR)
    .map(([hour, members]) => ({ hour, p50: median(members.map(({ seconds }) => seconds)) }));
  const [worst] = hours.sort((a, b) => b.p50 - a.p50 || a.hour - b.hour);
  return worst === undefined ? null : { ...worst, ratio: worst.p50 / whole };
}

function legMedian(observations: readonly PathObservation[], leg: PathLeg): number | null {
  const seconds = observations.flatMap(({ legSeconds }) => legSeconds[leg] ?? []);
  return seconds.length === 0 ? null : median(seconds);
}

function compare(first: readonly PathObservation[], second: readonly PathObservation[]): Comparison | null {
  const ranks = mannWhitney(
    first.map(({ seconds }) => seconds),
    second.map(({ seconds }) => seconds),
  );
  if (ranks === undefined) return null;
  const byRound = new Map(second.map((one) => [one.round, one.seconds]));
  const pairs = first.flatMap(({ round, seconds }): [number, number][] => {
    const other = byRound.get(round);
    return other === undefined ? [] : [[seconds, other]];
  });
  const shift = findPairedShift(pairs) ?? { ratio: null, firstIsFaster: ranks.firstIsLess, pairs: 0 };
  return { ...shift, p: ranks.p };
}
