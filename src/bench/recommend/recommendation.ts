import type { Interval } from '../statistics/wilson-interval.ts';
import type { Coverage } from './coverage.ts';
import type { Gate } from './gate.ts';
import type { PathLeg } from './measurement.ts';
import type { RuleSettings } from './rule-settings.ts';
import type { Incumbent, SwitchDecision } from './switch-decision.ts';

/** What the measurements advise for a site and a size of image. Made of its inputs alone, so that they repeat it. */
export type Recommendation = {
  readonly site: string;
  readonly at: number;
  readonly legs: readonly PathLeg[];
  /**
   * `none`: nothing can be recommended. `provisional`: ranked on fewer rounds than a decision needs. `recommended`: on
   * enough.
   */
  readonly state: 'none' | 'provisional' | 'recommended';
  readonly registry: string | null;
  readonly confidence: 'high' | 'medium' | 'low';
  /** The steadiest by today's figures, also while hysteresis keeps the one in force. */
  readonly best: string | null;
  readonly incumbent: Incumbent | null;
  readonly decision: SwitchDecision;
  /** The winner takes much longer than the fastest: somebody should look before it is chosen. */
  readonly stableButSlow: boolean;
  readonly payloadBytes: number | null;
  /** Best first, every candidate. */
  readonly ranked: readonly RankedRegistry[];
  /** Sentences with their figures, the most important first. */
  readonly reasons: readonly string[];
  /** What a real decision still needs, in sentences; empty when nothing. */
  readonly missing: readonly string[];
  readonly campaigns: readonly string[];
  readonly seed: number;
  readonly resamples: number;
  readonly rule: RuleSettings;
};

export type RankedRegistry = {
  readonly registry: string;
  /**
   * How far it came in the rule. `recommended` and `best` differ while hysteresis keeps what is in force; `steady` was
   * kept and is slower; `unsteady` was not; `few` has too few rounds to be compared with the others; then the gate's
   * obstacles; `unmeasured` has no rounds.
   */
  readonly verdict: 'recommended' | 'best' | 'steady' | 'unsteady' | 'few' | 'failures' | 'ejected' | 'unmeasured';
  readonly coverage: Coverage;
  readonly gate: Gate;
  /** Null without a single round. */
  readonly figures: RegistryFigures | null;
};

/** Two registries, by their rounds in common or, without any, by all of them. */
export type Comparison = {
  /** By what factor this one takes longer, paired by round; null without rounds in common. */
  readonly ratio: number | null;
  /** In what share of the rounds this one is faster. */
  readonly firstIsFaster: number;
  readonly pairs: number;
  /** How probable so unequal times are where both are alike (Mann-Whitney): from 0.05 on they cannot be told apart. */
  readonly p: number;
};

/** Seconds for the reference image on the whole path, failures counted at the deadline. */
export type RegistryFigures = {
  readonly p5: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly medianInterval: Interval | null;
  /** p95 / p50. */
  readonly stabilityIndex: number;
  /** Null outside the contest. */
  readonly chanceOfStability: number | null;
  readonly chanceOfWinning: number | null;
  readonly mad: number;
  readonly coefficientOfVariation: number | null;
  readonly quartileDispersion: number;
  /** The hour of the day with the slowest median (of at least three rounds), as a multiple of the whole median. */
  readonly worstHour: { readonly hour: number; readonly p50: number; readonly ratio: number } | null;
  readonly stalled: Interval & { readonly share: number };
  /** Milliseconds, the median of the rounds; null where it was not probed. */
  readonly jitterMs: number | null;
  /** Medians of each leg's own seconds, of the rounds where it worked. */
  readonly legs: Readonly<Record<PathLeg, number | null>>;
  readonly setAside: number;
  readonly costPerGb: number | null;
  /** Against the recommended registry; null for itself. */
  readonly against: Comparison | null;
};
