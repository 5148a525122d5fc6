import type { Measurement } from '../../../src/bench/recommend/measurement.ts';
import type { RecommendQuestion } from '../../../src/bench/recommend/recommend.ts';
import { defaultRule } from '../../../src/bench/recommend/rule-settings.ts';

/** The question for US-East about whatever was measured, just after the last round. */
export function questionAbout(
  measurements: readonly Measurement[],
  overrides: Partial<RecommendQuestion> = {},
): RecommendQuestion {
  const registries = [...new Set(measurements.map(({ registry }) => registry))];
  return {
    site: 'us-east',
    at: Math.max(...measurements.map(({ at }) => at)),
    candidates: registries.map((registry) => ({ registry, costPerGb: null })),
    legs: ['upload', 'download'],
    measurements,
    rule: defaultRule,
    seed: 1,
    incumbent: null,
    campaigns: ['bench_1'],
    ...overrides,
  };
}
