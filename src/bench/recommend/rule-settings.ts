/** What counts as enough to recommend anything but provisionally, for each registry. */
export type Minimum = {
  /** Rounds. 59 are needed before the 95 % bound of a 95th percentile lies within what was measured. */
  readonly samples: number;
  readonly days: number;
  /** Of the 24 hours of the day: slow periods come with the hour. */
  readonly hoursOfDay: number;
};

/** Every number of the rule. docs/how-we-measure.md says why each is what it is. */
export type RuleSettings = {
  /** The image whose way the rule asks about. */
  readonly referenceBytes: number;
  readonly windowMs: number;
  readonly minimum: Minimum;
  /** The newest round may be no older. */
  readonly newestWithinMs: number;
  /** IANA name of the zone whose days and hours count. */
  readonly timeZone: string;
  /** What a failed round counts as, and the longest a round can count. */
  readonly deadlineSeconds: number;
  /** Gate: the lower 95 % bound of the share of rounds that succeed. */
  readonly success: number;
  /** Stability: within this factor of the steadiest … */
  readonly stabilityBand: number;
  /** … with at least this probability. */
  readonly stabilityChance: number;
  /** Efficiency: medians within this factor are alike. */
  readonly tieBand: number;
  /** A winner that takes longer than this many times the fastest is one to ask about. */
  readonly slowestFactor: number;
  /** Hysteresis: better by this share … */
  readonly improvement: number;
  /** … with at least this probability, on two evaluations a day apart … */
  readonly improvementChance: number;
  /** … and not sooner after the last change. */
  readonly coolDownMs: number;
  /** A registry that was ejected is returned to once it was well for so long. */
  readonly returnAfterMs: number;
  readonly resamples: number;
};

const HOUR = 3_600_000;

export const defaultRule: RuleSettings = {
  referenceBytes: 150_000_000,
  windowMs: 7 * 24 * HOUR,
  minimum: { samples: 60, days: 3, hoursOfDay: 18 },
  newestWithinMs: 6 * HOUR,
  timeZone: 'Asia/Shanghai',
  deadlineSeconds: 1_800,
  success: 0.9,
  stabilityBand: 1.1,
  stabilityChance: 0.1,
  tieBand: 1.05,
  slowestFactor: 2.5,
  improvement: 0.15,
  improvementChance: 0.95,
  coolDownMs: 72 * HOUR,
  returnAfterMs: 24 * HOUR,
  resamples: 2_000,
};
