import { Contest } from './contest.ts';
import { type Coverage, findCoverage, isClean } from './coverage.ts';
import { findGate, type Gate } from './gate.ts';
import { localTimes } from './local-time.ts';
import type { Measurement, PathLeg } from './measurement.ts';
import { observePaths, type PathObservation } from './path-observation.ts';
import { choosePayload } from './payload-choice.ts';
import type { RuleSettings } from './rule-settings.ts';

export type Candidate = { readonly registry: string; readonly costPerGb: number | null };

/** How one registry stands at an instant. */
export type CandidateStanding = Candidate & {
  /** What its figures come from. */
  readonly observations: readonly PathObservation[];
  readonly coverage: Coverage;
  readonly gate: Gate;
  /** Rounds that were set aside because the machine that measured was busy. */
  readonly setAside: number;
};

export type Standing = {
  readonly at: number;
  /** Null where nothing was measured. */
  readonly payloadBytes: number | null;
  /** In the order of the question. */
  readonly candidates: readonly CandidateStanding[];
  /** Of those that passed the gate: the ones with enough rounds or, where there is none, the others. */
  readonly contest: Contest;
  readonly contestants: readonly string[];
  /** Is the contest among registries with enough rounds? */
  readonly isFounded: boolean;
};

export type StandingQuestion = {
  readonly at: number;
  readonly candidates: readonly Candidate[];
  readonly legs: readonly PathLeg[];
  readonly measurements: readonly Measurement[];
  readonly rule: RuleSettings;
  readonly seed: number;
};

/** Stages 0 to 3 of the rule, at one instant. */
export function findStanding({ at, candidates, legs, measurements, rule, seed }: StandingQuestion): Standing {
  const names = new Set(candidates.map(({ registry }) => registry));
  const all = observePaths(
    measurements.filter(({ registry }) => names.has(registry)),
    { legs, ...rule, after: at - rule.windowMs, until: at },
  );
  const payloadBytes = choosePayload(all, rule.referenceBytes, rule.minimum.samples) ?? null;
  const toLocal = localTimes(rule.timeZone);
  const standings = candidates.map((candidate): CandidateStanding => {
    const measured = all.filter((one) => one.registry === candidate.registry && one.payloadBytes === payloadBytes);
    const coverage = findCoverage(measured, at, rule, toLocal);
    const isEnough = coverage.missing.length === 0;
    const observations = isEnough ? measured.filter(isClean) : measured;
    const gate = findGate(observations, at, isEnough, rule);
    return { ...candidate, observations, coverage, gate, setAside: measured.length - observations.length };
  });
  const passed = standings.filter(({ gate }) => gate.obstacle === null);
  const founded = passed.filter(({ coverage }) => coverage.missing.length === 0);
  const contestants = founded.length > 0 ? founded : passed;
  return {
    at,
    payloadBytes,
    candidates: standings,
    contest: new Contest(contestants, at, seed, rule),
    contestants: contestants.map(({ registry }) => registry),
    isFounded: founded.length > 0,
  };
}
