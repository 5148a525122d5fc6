/** How long one question took, milliseconds. */
export type ProbeTimes = {
  /** By our own clock: from asking to having read the answer. */
  readonly ownMs: number;
  /** Until the question was acknowledged, as the kernel saw it; undefined where it does not tell. */
  readonly kernelMs: number | undefined;
};

/** What an answer takes at a machine that has time, from the wire to whoever reads it. */
const NEAR_MS = 2;

/**
 * The round trips of a series. By our own clock how busy this machine is would show as jitter of the path, so they are
 * the kernel's, where it saw the whole path: where the one that acknowledges is the one that answers. A proxy on the way
 * acknowledges for others, and so does the host of a registry that thinks for long. Then even the quickest answer comes
 * well after its acknowledgement, for all of the path beyond lies between them, and only our clock knows.
 */
export function settleRoundTrips(series: readonly (ProbeTimes | null)[]): readonly (number | null)[] {
  const gaps = series.flatMap((each) => (each?.kernelMs === undefined ? [] : [each.ownMs - each.kernelMs]));
  const isWholePath = gaps.some((gapMs) => gapMs <= NEAR_MS);
  return series.map((each) => {
    if (each === null) return null;
    const { ownMs, kernelMs } = each;
    return isWholePath && kernelMs !== undefined ? Math.min(kernelMs, ownMs) : ownMs;
  });
}
