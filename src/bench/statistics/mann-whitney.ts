import { normalCdf } from './normal-cdf.ts';

export type RankTest = {
  /** The statistic of the first group: in how many pairs its value is the greater one, ties as half. */
  readonly u: number;
  /** How probable so unequal a result is where both groups are alike (two-sided, normal approximation). */
  readonly p: number;
  /** The probability that a value of the first group is less than one of the second, ties as half. */
  readonly firstIsLess: number;
};

/**
 * Do two unpaired groups differ? By ranks, so that no outlier matters (Mann and Whitney 1947), with the corrections for
 * ties and for continuity. `firstIsLess` is the common-language effect size (McGraw and Wong 1992); Cliff's delta is
 * 2 · firstIsLess - 1. Undefined where a group is empty.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): RankTest | undefined {
  const [n, m] = [first.length, second.length];
  if (n === 0 || m === 0) return undefined;
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ];
  all.sort((a, b) => a.value - b.value);
  let [rankSum, ties] = [0, 0];
  for (let start = 0; start < all.length; ) {
    let end = start + 1;
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
    const rank = (start + 1 + end) / 2;
    for (let at = start; at < end; at += 1) if (all[at]?.isFirst) rankSum += rank;
    ties += (end - start) ** 3 - (end - start);
    start = end;
  }
  const u = rankSum - (n * (n + 1)) / 2;
  const size = n + m;
  const variance = ((n * m) / 12) * (size + 1 - ties / (size * (size - 1)));
  const z = (Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance);
  return { u, p: variance === 0 ? 1 : Math.min(1, 2 * (1 - normalCdf(Math.max(0, z)))), firstIsLess: 1 - u / (n * m) };
}
