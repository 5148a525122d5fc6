import { type RandomInteger, seededRandom } from '../../src/bench/statistics/random.ts';

const PARTS = 2 ** 32;

/** Draws that a seed repeats. */
export class Seeded {
  readonly #below: RandomInteger;

  constructor(seed: number) {
    this.#below = seededRandom(seed);
  }

  /** In [0, 1). */
  next(): number {
    return this.#below(PARTS) / PARTS;
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.#below(from.length)];
  }
}
