import { median } from './quantile.ts';

export type PairedShift = {
  /** By what factor the first takes longer than the second: 1.2 is 20 % longer. */
  readonly ratio: number;
  /** In what share of the pairs the first is the faster one, ties as half. */
  readonly firstIsFaster: number;
  readonly pairs: number;
};

/** Pairs beyond this tell nothing new, and their averages grow with the square. */
const MAX_PAIRS = 300;

/**
 * Compares two times that were taken in the same rounds, so in the same weather: the Hodges-Lehmann estimate (the
 * median of all averages of two differences, 1963) of the difference of their logarithms, told as a ratio. Undefined
 * without pairs. Times must be positive.
 */
export function findPairedShift(pairs: readonly (readonly [number, number])[]): PairedShift | undefined {
  if (pairs.length === 0) return undefined;
  const differences = pairs.map(([first, second]) => Math.log(first / second));
  const wins = differences.reduce((sum, difference) => sum + (difference < 0 ? 1 : difference === 0 ? 0.5 : 0), 0);
  return {
    ratio: Math.exp(hodgesLehmann(thin(differences))),
    firstIsFaster: wins / pairs.length,
    pairs: pairs.length,
  };
}

/** The median of the averages of every two values, each value with itself too. NaN for no values. */
export function hodgesLehmann(values: readonly number[]): number {
  const averages = new Float64Array((values.length * (values.length + 1)) / 2);
  let at = 0;
  for (let first = 0; first < values.length; first += 1) {
    for (let second = first; second < values.length; second += 1) {
      averages[at] = ((values[first] ?? 0) + (values[second] ?? 0)) / 2;
      at += 1;
    }
  }
  return median(averages);
}

function thin(values: readonly number[]): readonly number[] {
  if (values.length <= MAX_PAIRS) return values;
  return Array.from({ length: MAX_PAIRS }, (_, at) => values[Math.floor((at * values.length) / MAX_PAIRS)] ?? 0);
}
