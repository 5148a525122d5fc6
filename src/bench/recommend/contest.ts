import { blockResamples, type Resample } from '../statistics/block-resamples.ts';
import { BlockedValues } from '../statistics/blocked-values.ts';
import type { PathObservation } from './path-observation.ts';
import type { RuleSettings } from './rule-settings.ts';

/** A registry that has passed the gate. */
export type Contestant = {
  readonly registry: string;
  readonly observations: readonly PathObservation[];
  readonly costPerGb: number | null;
};

/** The two figures that decide: seconds at the median, and the 95th percentile over it. */
export type Figures = { readonly p50: number; readonly index: number };

export type ContestSettings = Pick<
  RuleSettings,
  'stabilityBand' | 'stabilityChance' | 'tieBand' | 'slowestFactor' | 'resamples'
>;

const DAY = 24 * 3_600_000;

/** Stability, then efficiency, among those that passed the gate; with how sure each outcome is. */
export class Contest {
  readonly #contestants: readonly Contestant[];
  readonly #settings: ContestSettings;
  readonly #resamples: readonly Resample[];
  readonly #figures = new Map<string, Figures>();
  /** By registry, one for each resample. */
  readonly #outcomes = new Map<string, readonly Figures[]>();
  readonly #values = new Map<string, BlockedValues>();
  #kept: readonly string[] | undefined;

  /** Days are counted back from `at`, so that each is a whole turn of the clock. */
  constructor(contestants: readonly Contestant[], at: number, seed: number, settings: ContestSettings) {
    this.#contestants = contestants;
    this.#settings = settings;
    const dayOf = (observation: PathObservation) => Math.floor((at - observation.at) / DAY);
    const days = [...new Set(contestants.flatMap(({ observations }) => observations.map(dayOf)))].sort((a, b) => a - b);
    const blockOf = new Map(days.map((day, block) => [day, block]));
    this.#resamples = blockResamples(days.length, { limit: settings.resamples, seed });
    const everything = { counts: new Uint8Array(days.length).fill(1) };
    for (const { registry, observations } of contestants) {
      const blocked = observations.map((one) => ({ value: one.seconds, block: blockOf.get(dayOf(one)) ?? 0 }));
      const values = new BlockedValues(blocked);
      this.#values.set(registry, values);
      this.#figures.set(registry, findFigures(values, everything));
      this.#outcomes.set(
        registry,
        this.#resamples.map((resample) => findFigures(values, resample)),
      );
    }
  }

  get resamples(): number {
    return this.#resamples.length;
  }

  figuresOf(registry: string): Figures {
    return this.#figures.get(registry) ?? NOTHING;
  }

  /** The 95 % interval of the median. */
  medianInterval(registry: string) {
    return this.#values.get(registry)?.interval(0.5, this.#resamples);
  }

  /** How probable it is that a registry is within the band of the steadiest. */
  chanceOfStability(registry: string): number {
    return this.#chance(
      (figuresOf) => figuresOf(registry).index <= this.#settings.stabilityBand * this.#best(figuresOf),
    );
  }

  /** The registries that are steady enough. Never empty where there are contestants. */
  kept(): readonly string[] {
    this.#kept ??= this.#findKept();
    return this.#kept;
  }

  /** The fastest of those that are steady enough. */
  winner(): string | undefined {
    return this.#fastest(this.kept(), (registry) => this.figuresOf(registry));
  }

  /** The share of resamples that a registry wins. */
  chanceOfWinning(registry: string): number {
    const names = this.#contestants.map((contestant) => contestant.registry);
    return this.#chance((figuresOf) => {
      const band = this.#settings.stabilityBand * this.#best(figuresOf);
      const steady = names.filter((name) => figuresOf(name).index <= band);
      return this.#fastest(steady, figuresOf) === registry;
    });
  }

  /** How probable it is that `registry` betters `other` in one figure by at least `improvement`. */
  chanceOfImproving(registry: string, other: string, figure: keyof Figures, improvement: number): number {
    return this.#chance((figuresOf) => figuresOf(registry)[figure] <= (1 - improvement) * figuresOf(other)[figure]);
  }

  /** Is the fastest of all that passed the gate this much faster? */
  isTooSlow(registry: string): boolean {
    const fastest = Math.min(...this.#contestants.map((contestant) => this.figuresOf(contestant.registry).p50));
    return this.figuresOf(registry).p50 > this.#settings.slowestFactor * fastest;
  }

  #findKept(): readonly string[] {
    const names = this.#contestants.map(({ registry }) => registry);
    const steadiest = this.#best((registry) => this.figuresOf(registry));
    return names.filter(
      (registry) =>
        this.figuresOf(registry).index === steadiest ||
        this.chanceOfStability(registry) >= this.#settings.stabilityChance,
    );
  }

  #fastest(names: readonly string[], figuresOf: (registry: string) => Figures): string | undefined {
    const fastest = Math.min(...names.map((name) => figuresOf(name).p50));
    const alike = this.#contestants.filter(
      ({ registry }) => names.includes(registry) && figuresOf(registry).p50 <= this.#settings.tieBand * fastest,
    );
    // Costs decide only where they are all known.
    const byCost = alike.every(({ costPerGb }) => costPerGb !== null);
    return alike.toSorted(
      (a, b) => (byCost ? (a.costPerGb ?? 0) - (b.costPerGb ?? 0) : 0) || (a.registry < b.registry ? -1 : 1),
    )[0]?.registry;
  }

  #best(figuresOf: (registry: string) => Figures): number {
    return this.#contestants.reduce((best, { registry }) => {
      const { index } = figuresOf(registry);
      return Number.isNaN(index) ? best : Math.min(best, index);
    }, Number.POSITIVE_INFINITY);
  }

  #chance(holds: (figuresOf: (registry: string) => Figures) => boolean): number {
    let chance = 0;
    this.#resamples.forEach(({ weight }, at) => {
      if (holds((registry) => this.#outcomes.get(registry)?.[at] ?? NOTHING)) chance += weight;
    });
    return Math.min(1, chance);
  }
}

const NOTHING: Figures = { p50: Number.NaN, index: Number.NaN };

function findFigures(values: BlockedValues, resample: Pick<Resample, 'counts'>): Figures {
  const [p50 = Number.NaN, p95 = Number.NaN] = values.quantiles([0.5, 0.95], resample);
  return { p50, index: p95 / p50 };
}
