import type { Resample } from './block-resamples.ts';
import type { Interval } from './wilson-interval.ts';

/** Values with the block (the day) that each was taken in, sorted once so that every resample costs one walk. */
export class BlockedValues {
  readonly #values: Float64Array;
  readonly #blocks: Uint8Array;

  /** Blocks are numbered from 0, at most 255. */
  constructor(values: readonly { readonly value: number; readonly block: number }[]) {
    const ascending = [...values].sort((a, b) => a.value - b.value);
    this.#values = Float64Array.from(ascending, ({ value }) => value);
    this.#blocks = Uint8Array.from(ascending, ({ block }) => block);
  }

  get size(): number {
    return this.#values.length;
  }

  /** Quantiles (type 7) for ascending `ps`, of the values with each block taken as often as the resample says. */
  quantiles(ps: readonly number[], { counts }: Pick<Resample, 'counts'>): number[] {
    let total = 0;
    for (const block of this.#blocks) total += counts[block] ?? 0;
    if (total === 0) return ps.map(() => Number.NaN);
    let [index, passed] = [-1, 0];
    const valueAt = (rank: number) => {
      while (passed <= rank) {
        index += 1;
        passed += counts[this.#blocks[index] ?? 0] ?? 0;
      }
      return this.#values[index] ?? Number.NaN;
    };
    return ps.map((p) => {
      const at = (total - 1) * p;
      const below = valueAt(Math.floor(at));
      // Walking on to the next rank may pass values that the next quantile still needs, so it is undone.
      const [keptIndex, keptPassed] = [index, passed];
      const above = valueAt(Math.ceil(at));
      [index, passed] = [keptIndex, keptPassed];
      return below + (above - below) * (at - Math.floor(at));
    });
  }

  /** The 95 % interval of one quantile by the percentile method. Undefined without values. */
  interval(p: number, resamples: readonly Resample[]): Interval | undefined {
    const outcomes = resamples
      .map((resample) => ({ value: this.quantiles([p], resample)[0] ?? Number.NaN, weight: resample.weight }))
      .filter(({ value }) => !Number.isNaN(value))
      .sort((a, b) => a.value - b.value);
    const all = outcomes.reduce((sum, { weight }) => sum + weight, 0);
    const atShare = (share: number) => {
      let passed = 0;
      for (const { value, weight } of outcomes) {
        passed += weight;
        if (passed >= share * all - 1e-12) return value;
      }
      return outcomes.at(-1)?.value ?? Number.NaN;
    };
    return outcomes.length === 0 ? undefined : { low: atShare(0.025), high: atShare(0.975) };
  }
}
