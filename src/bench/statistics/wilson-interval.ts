export type Interval = { readonly low: number; readonly high: number };

/** The two-sided 95 % quantile of the normal distribution. */
const Z95 = 1.959963984540054;

/**
 * What a share may truly be, given that `hits` of `trials` were seen: the 95 % score interval of Wilson (1927), which
 * unlike p ± 2 sd holds for few trials and for shares near 0 and 1 (Newcombe, Statistics in Medicine 17, 1998).
 * Without trials it is anything.
 */
export function wilsonInterval(hits: number, trials: number): Interval {
  if (trials <= 0) return { low: 0, high: 1 };
  const share = hits / trials;
  const square = Z95 ** 2;
  const middle = share + square / (2 * trials);
  const half = Z95 * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials ** 2));
  const scale = 1 + square / trials;
  return {
    low: hits === 0 ? 0 : Math.max(0, (middle - half) / scale),
    high: hits === trials ? 1 : Math.min(1, (middle + half) / scale),
  };
}
