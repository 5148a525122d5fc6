import type { Recommendation } from './recommendation.ts';

/**
 * The registry that a pattern which follows the recommendation moves to, or null for staying. The rule has its own
 * hysteresis and cool-down; what remains here is when nobody needs to be asked.
 *
 * | when | moves |
 * |---|---|
 * | the recommendation is provisional, or none | no |
 * | it names what is in force | no |
 * | the registry in force fails the gate | yes |
 * | confidence is low (the winner is slow, or wins in fewer than 80 % of the resamples) | no |
 * | else | yes |
 */
export function findFollowed(
  recommendation: Pick<Recommendation, 'state' | 'registry' | 'confidence' | 'decision'>,
  inForce: string | null,
): string | null {
  const { state, registry, confidence, decision } = recommendation;
  if (state !== 'recommended' || registry === inForce) return null;
  return decision.because === 'escape' || confidence !== 'low' ? registry : null;
}
