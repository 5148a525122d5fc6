/**
 * The quantile `p` (0 to 1) of ascending values, interpolated linearly between order statistics: type 7 of Hyndman and
 * Fan, "Sample quantiles in statistical packages" (The American Statistician 50, 1996), as numpy and R have it by
 * default. NaN for no values.
 */
export function quantileOfSorted(ascending: ArrayLike<number>, p: number): number {
  const at = (ascending.length - 1) * p;
  const below = ascending[Math.floor(at)];
  const above = ascending[Math.ceil(at)];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function quantile(values: Iterable<number>, p: number): number {
  return quantileOfSorted(sortNumbers(values), p);
}

export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

/** Ascending, as 64-bit floats; NaN has no place among them and is left out. */
export function sortNumbers(values: Iterable<number>): Float64Array {
  const numbers = values instanceof Float64Array ? values.slice() : Float64Array.from(values);
  return numbers.filter((value) => !Number.isNaN(value)).sort();
}
