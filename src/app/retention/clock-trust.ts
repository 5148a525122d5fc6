/** A clock that is ahead by more than this since it was last believed may have been set. */
const TOLERANCE_MS = 60 * 60_000;
/** So long it must then go on evenly before it is believed: time for somebody to notice and set it right. */
const DOUBT_MS = 24 * 60 * 60_000;

export type ClockReading = { readonly nowMs: number; readonly elapsedMs: number };

export type ClockTrust = {
  /** The wall clock less the steady one, when it was last believed; null when it never was. */
  readonly believedMs: number | null;
  /** The same since it is doubted, and since when by the steady clock. */
  readonly doubted: { readonly differenceMs: number; readonly sinceMs: number } | null;
};

/** At start: as if no time had passed since the clock was last believed. */
export function trustSince(trustedAtMs: number | undefined, { elapsedMs }: ClockReading): ClockTrust {
  return { believedMs: trustedAtMs === undefined ? null : trustedAtMs - elapsedMs, doubted: null };
}

/**
 * May what looks old by the wall clock be forgotten for good?
 *
 * | the clock, against where it should be since it was last believed | |
 * |---|---|
 * | behind, or ahead by an hour at most          | believed: nothing goes that should not  |
 * | ahead by more, or never believed yet         | doubted                                 |
 * | still as far ahead after 24 hours of running | believed                                |
 *
 * A service that was down for longer than an hour looks the same as a clock that jumped: it forgets a day later.
 */
export function judgeClock(
  trust: ClockTrust,
  { nowMs, elapsedMs }: ClockReading,
): ClockTrust & { isBelieved: boolean } {
  const differenceMs = nowMs - elapsedMs;
  const believed = { believedMs: differenceMs, doubted: null, isBelieved: true };
  if (trust.believedMs !== null && differenceMs - trust.believedMs <= TOLERANCE_MS) return believed;
  const isSame = trust.doubted !== null && Math.abs(differenceMs - trust.doubted.differenceMs) <= TOLERANCE_MS;
  const doubted = isSame && trust.doubted !== null ? trust.doubted : { differenceMs, sinceMs: elapsedMs };
  if (elapsedMs - doubted.sinceMs >= DOUBT_MS) return believed;
  return { believedMs: trust.believedMs, doubted, isBelieved: false };
}
