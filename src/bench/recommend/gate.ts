import { type Interval, wilsonInterval } from '../statistics/wilson-interval.ts';
import { findEjectedUntil } from './ejection.ts';
import type { PathObservation } from './path-observation.ts';
import type { RuleSettings } from './rule-settings.ts';

export type Gate = {
  readonly success: Interval & { readonly share: number };
  readonly ejectedUntil: number | null;
  /** What keeps the registry from being considered at all; null when nothing does. */
  readonly obstacle: 'failures' | 'ejected' | null;
};

/**
 * The gate: does it work at all? With enough rounds the lower bound of success must reach the setting. With fewer it
 * could not, however well all went (six of six have a lower bound of 61 %), so the share itself must. Rounds
 * beyond the deadline have failed, so a region too slow to be used does not pass either.
 */
export function findGate(
  observations: readonly PathObservation[],
  at: number,
  isEnough: boolean,
  rule: Pick<RuleSettings, 'success'>,
): Gate {
  const succeeded = observations.filter(({ ok }) => ok).length;
  const share = observations.length === 0 ? 0 : succeeded / observations.length;
  const success = { share, ...wilsonInterval(succeeded, observations.length) };
  const ejectedUntil = findEjectedUntil(observations);
  const isSeldom = observations.length === 0 || (isEnough ? success.low : share) < rule.success;
  const obstacle = ejectedUntil !== null && at < ejectedUntil ? 'ejected' : isSeldom ? 'failures' : null;
  return { success, ejectedUntil, obstacle };
}
