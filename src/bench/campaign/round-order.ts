import type { PathLeg } from '../recommend/measurement.ts';
import { seededRandom } from '../statistics/random.ts';
import type { BenchmarkPlan } from './benchmark-record.ts';

export type RoundStep = {
  readonly registry: string;
  readonly leg: PathLeg;
  readonly payloadBytes: number;
  /** Where a download is taken; uploads are taken at the service's own site. */
  readonly site?: string;
};

/**
 * A round's samples: by size, and within a size every registry once in a fresh random order, so that what changes with
 * time falls on all of them alike (randomised multiple interleaved trials: Abedi and Brecht, ICPE 2017).
 */
export function planRound(plan: BenchmarkPlan, round: number): readonly RoundStep[] {
  // Rounds of one seed must differ; an odd multiplier keeps different rounds apart.
  const below = seededRandom((plan.seed + Math.imul(round + 1, 0x9e3779b1)) | 0);
  return plan.payloads.flatMap((payloadBytes) =>
    shuffled(plan.registries, below).flatMap((registry) =>
      plan.legs.flatMap((leg) => stepsOf(plan, { registry, leg, payloadBytes })),
    ),
  );
}

function stepsOf({ sites = [] }: BenchmarkPlan, step: RoundStep): readonly RoundStep[] {
  return step.leg === 'upload' ? [step] : sites.map((site) => ({ ...step, site }));
}

/** Fisher and Yates, from the end. */
function shuffled<T>(values: readonly T[], below: (limit: number) => number): T[] {
  const rest = [...values];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(below(rest.length), 1));
  return order;
}
