import { median, quantileOfSorted, sortNumbers } from './quantile.ts';

/** How far values lie apart, by measures that differ in how much one outlier moves them. */
export type Spread = {
  /** Median absolute deviation from the median, not scaled to a normal distribution: half of all values lie nearer. */
  readonly mad: number;
  /** Standard deviation (n - 1) over mean. One outlier can make it anything. Null for fewer than two values. */
  readonly coefficientOfVariation: number | null;
  /** (Q3 - Q1) / (Q3 + Q1) (Bonett 2006): a relative measure like the former that the outer half does not touch. */
  readonly quartileDispersion: number;
};

/** Undefined for no values. Values are meant to be positive, such as times and rates. */
export function findSpread(values: readonly number[]): Spread | undefined {
  const ascending = sortNumbers(values);
  if (ascending.length === 0) return undefined;
  const middle = quantileOfSorted(ascending, 0.5);
  const [first, third] = [quantileOfSorted(ascending, 0.25), quantileOfSorted(ascending, 0.75)];
  return {
    mad: median(ascending.map((value) => Math.abs(value - middle))),
    coefficientOfVariation: coefficientOfVariation(ascending),
    quartileDispersion: third + first === 0 ? 0 : (third - first) / (third + first),
  };
}

function coefficientOfVariation(values: Float64Array): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return mean === 0 ? null : Math.sqrt(squares / (values.length - 1)) / mean;
}
