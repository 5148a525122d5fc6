import type { RankedRegistry, Recommendation } from '../../bench/recommend/recommendation.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { RecommendationAnswer } from '../schema/recommendation-schema.ts';

export function presentRecommendation(recommendation: Recommendation, image: string | null): RecommendationAnswer {
  const { site, at, state, registry, confidence, best, incumbent, decision, stableButSlow, rule } = recommendation;
  return {
    site,
    image,
    at: toTimestamp(at),
    state,
    registry,
    confidence,
    best,
    incumbent: incumbent === null ? null : { registry: incumbent.registry, since: findTimestamp(incumbent.since) },
    because: decision.because,
    stableButSlow,
    referenceBytes: rule.referenceBytes,
    payloadBytes: recommendation.payloadBytes,
    legs: [...recommendation.legs],
    reasons: [...recommendation.reasons],
    missing: [...recommendation.missing],
    ranked: recommendation.ranked.map(presentRanked),
    campaigns: [...recommendation.campaigns],
    seed: recommendation.seed,
    resamples: recommendation.resamples,
    rule: { ...rule },
  };
}

function presentRanked({ registry, verdict, coverage, gate, figures }: RankedRegistry, at: number) {
  return {
    rank: at + 1,
    registry,
    verdict,
    samples: coverage.samples,
    days: coverage.days,
    hoursOfDay: coverage.hoursOfDay,
    newestAt: findTimestamp(coverage.newestAt),
    busyRounds: coverage.busy.rounds,
    missing: [...coverage.missing],
    success: gate.success,
    ejectedUntil: findTimestamp(gate.ejectedUntil),
    figures,
  };
}

function findTimestamp(at: number | null): string | null {
  return at === null ? null : toTimestamp(at);
}
