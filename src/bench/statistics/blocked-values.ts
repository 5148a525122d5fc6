import type { Resample } from './block-resamples.ts';
import type { Interval } from './wilson-interval.ts';

/** Values between two signposts. */
const STRIDE = 32;

/**
 * Values with the block (the day) that each was taken in, sorted once. At every 32nd value stands a signpost that says
 * how many values of each block come before it, so that a quantile of a resample is found in a few steps.
 */
export class BlockedValues {
  readonly #values: Float64Array;
  readonly #blocks: Uint8Array;
  /** How many blocks there are. */
  readonly #width: number;
  readonly #before: Uint32Array;
  readonly #sizes: Uint32Array;

  /** Blocks are numbered from 0, at most 255. */
  constructor(values: readonly { readonly value: number; readonly block: number }[]) {
    const ascending = [...values].sort((a, b) => a.value - b.value);
    this.#values = Float64Array.from(ascending, ({ value }) => value);
    this.#blocks = Uint8Array.from(ascending, ({ block }) => block);
    this.#width = ascending.reduce((width, { block }) => Math.max(width, block + 1), 0);
    this.#before = new Uint32Array((Math.floor(ascending.length / STRIDE) + 1) * this.#width);
    this.#sizes = new Uint32Array(this.#width);
    ascending.forEach(({ block }, at) => {
      if (at % STRIDE === 0) this.#before.set(this.#sizes, (at / STRIDE) * this.#width);
      this.#sizes[block] = (this.#sizes[block] ?? 0) + 1;
    });
    if (ascending.length % STRIDE === 0) this.#before.set(this.#sizes, (ascending.length / STRIDE) * this.#width);
  }

  /** Quantiles (type 7) of the values with each block taken as often as the resample says. */
  quantiles(ps: readonly number[], { counts }: Pick<Resample, 'counts'>): number[] {
    const total = this.#sizes.reduce((sum, size, block) => sum + size * (counts[block] ?? 0), 0);
    if (total === 0) return ps.map(() => Number.NaN);
    return ps.map((p) => {
      const at = (total - 1) * p;
      const below = this.#valueAt(Math.floor(at), counts);
      if (at % 1 === 0) return below;
      return below + (this.#valueAt(Math.ceil(at), counts) - below) * (at % 1);
    });
  }

  #valueAt(rank: number, counts: Uint8Array): number {
    let low = 0;
    let high = this.#before.length / this.#width - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#passedAt(middle, counts) <= rank) low = middle;
      else high = middle - 1;
    }
    let passed = this.#passedAt(low, counts);
    for (let index = low * STRIDE; ; index += 1) {
      passed += counts[this.#blocks[index] ?? 0] ?? 0;
      if (passed > rank || index >= this.#values.length) return this.#values[index] ?? Number.NaN;
    }
  }

  #passedAt(signpost: number, counts: Uint8Array): number {
    let passed = 0;
    for (let block = 0; block < this.#width; block += 1)
      passed += (this.#before[signpost * this.#width + block] ?? 0) * (counts[block] ?? 0);
    return passed;
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
