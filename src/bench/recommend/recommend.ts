import { missingSentences } from './missing-sentences.ts';
import { reasonSentences } from './reason-sentences.ts';
import type { RankedRegistry, Recommendation } from './recommendation.ts';
import { findRegistryFigures } from './registry-figures.ts';
import { type CandidateStanding, findStanding, type Standing, type StandingQuestion } from './standing.ts';
import { decideSwitch, EARLIER_MS, type Incumbent, type SwitchDecision } from './switch-decision.ts';

export type RecommendQuestion = StandingQuestion & {
  readonly site: string;
  readonly incumbent: Incumbent | null;
  /** The campaigns that the measurements come from. */
  readonly campaigns: readonly string[];
};

/**
 * The rule whole: gate, stability, efficiency, hysteresis, as docs/how-we-measure.md tells it. A pure function of the
 * question. The measurements must reach back by the window and one day more, for the evaluation of the day before.
 */
export function recommend(question: RecommendQuestion): Recommendation {
  const { site, at, legs, rule, seed, incumbent, campaigns } = question;
  const today = findStanding(question);
  const findYesterday = () => findStanding({ ...question, at: at - EARLIER_MS });
  const decision = decideSwitch(today, findYesterday, incumbent, rule);
  const best = today.contest.winner() ?? null;
  const state = decision.registry === null ? 'none' : today.isFounded ? 'recommended' : 'provisional';
  const ranked = rank(today, decision, rule.timeZone);
  const result = {
    site,
    at,
    legs,
    state,
    registry: decision.registry,
    confidence: findConfidence(today, decision),
    best,
    incumbent,
    decision,
    stableButSlow: best !== null && today.contest.isTooSlow(best),
    payloadBytes: today.payloadBytes,
    ranked,
    campaigns,
    seed,
    resamples: today.contest.resamples,
    rule,
  } as const;
  return { ...result, reasons: reasonSentences(result), missing: missingSentences(result) };
}

/**
 * High where today's winner wins in 95 % of the resamples and every candidate has enough rounds, medium from 80 % on.
 * Low on fewer rounds than a decision needs, and for a winner that is steady but slow.
 */
function findConfidence(standing: Standing, decision: SwitchDecision): Recommendation['confidence'] {
  const winner = standing.contest.winner();
  if (winner === undefined || decision.registry === null || !standing.isFounded) return 'low';
  if (standing.contest.isTooSlow(winner)) return 'low';
  const chance = standing.contest.chanceOfWinning(winner);
  const isCovered = standing.candidates.every(({ coverage }) => coverage.missing.length === 0);
  return chance >= 0.95 && isCovered ? 'high' : chance >= 0.8 ? 'medium' : 'low';
}

const ORDER: readonly RankedRegistry['verdict'][] = [
  'best',
  'steady',
  'unsteady',
  'few',
  'failures',
  'ejected',
  'unmeasured',
];

function rank(standing: Standing, decision: SwitchDecision, timeZone: string): readonly RankedRegistry[] {
  const { candidates } = standing;
  const other = candidates.find(({ registry }) => registry === (decision.registry ?? standing.contestants[0]));
  const kept = standing.contest.kept();
  const rows = candidates.map((candidate) => ({
    place: findPlace(candidate, standing, kept),
    row: {
      registry: candidate.registry,
      coverage: candidate.coverage,
      gate: candidate.gate,
      figures: findRegistryFigures(candidate, standing, other, timeZone),
    },
  }));
  rows.sort(
    (a, b) =>
      ORDER.indexOf(a.place) - ORDER.indexOf(b.place) ||
      sortFigure(a.place, a.row) - sortFigure(b.place, b.row) ||
      (a.row.registry < b.row.registry ? -1 : 1),
  );
  return rows.map(({ place, row }) => ({
    ...row,
    verdict: row.registry === decision.registry ? 'recommended' : place,
  }));
}

function findPlace(
  { registry, observations, gate }: CandidateStanding,
  { contest, contestants }: Standing,
  kept: readonly string[],
): RankedRegistry['verdict'] {
  if (observations.length === 0) return 'unmeasured';
  if (gate.obstacle !== null) return gate.obstacle;
  if (!contestants.includes(registry)) return 'few';
  if (contest.winner() === registry) return 'best';
  return kept.includes(registry) ? 'steady' : 'unsteady';
}

/** The steady by speed, the unsteady by stability, those that fail by how seldom. */
function sortFigure(place: RankedRegistry['verdict'], { figures, gate }: Pick<RankedRegistry, 'figures' | 'gate'>) {
  if (figures === null) return 0;
  if (place === 'steady') return figures.p50;
  return place === 'unsteady' || place === 'few' ? figures.stabilityIndex : -gate.success.share;
}
