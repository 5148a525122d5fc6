import type { PathRun } from './path-run.ts';

/** A median, and what nine of ten stay below where enough were seen. */
export type Spread = { readonly median: number; readonly p90: number | null };

/** What the runs of a path say of a leg that is to move so many bytes. */
export type PathFigures = {
  readonly basis: 'history' | 'benchmark';
  readonly samples: number;
  /** From its beginning to *placed*. */
  readonly wholeMs: Spread;
  /** From its last byte to *placed*. */
  readonly tailMs: Spread;
  readonly msPerByte: Spread;
};

/** Below this the time goes into round trips, and says nothing of how fast a large blob moves. */
const LIGHT_BYTES = 2 ** 20;
/** Fewer do not tell what one of ten exceeds. */
const LEAST_FOR_P90 = 5;
/** So many at this hour of the day speak for it better than all together. */
const LEAST_AT_HOUR = 8;
const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;

/**
 * What runs say of a leg; undefined when they say nothing of one like it.
 *
 * | the leg moves | it is judged by |
 * |---|---|
 * | 1 MiB or more | runs that moved as much; their rates, applied to its bytes |
 * | less | runs that moved less, as they were; without such, as above |
 * | an unknown amount | legs that moved anything, as they were; a sample's payload says nothing of it |
 *
 * Of these the ones at its hour of the day, or an hour before or after, where there are enough of them: how a border
 * link behaves follows the clock. For legs of 1 MiB or more, more bytes are never expected to take less.
 */
export function findPathFigures(
  basis: PathFigures['basis'],
  runs: readonly PathRun[],
  leg: { readonly bytes: number | null; readonly nowMs: number },
): PathFigures | undefined {
  const { bytes, nowMs } = leg;
  const heavy = runs.filter((run) => run.bytes >= LIGHT_BYTES);
  const light = runs.filter((run) => run.bytes < LIGHT_BYTES);
  const isAsItWas = bytes === null || (bytes < LIGHT_BYTES && light.length > 0);
  const alike = bytes === null ? ofUnknownSize(basis, runs) : isAsItWas ? light : heavy;
  if (alike.length === 0) return undefined;
  const chosen = ofTheHour(alike, nowMs);
  const msPerByte = (run: PathRun) => run.moveMs / Math.max(run.bytes, 1);
  const moveMs = (run: PathRun) => (isAsItWas ? run.moveMs : (bytes ?? 0) * msPerByte(run));
  return {
    basis,
    samples: chosen.length,
    wholeMs: spreadOf(chosen.map((run) => run.headMs + moveMs(run) + run.tailMs)),
    tailMs: spreadOf(chosen.map((run) => run.tailMs)),
    msPerByte: spreadOf(chosen.map(msPerByte)),
  };
}

function ofUnknownSize(basis: PathFigures['basis'], runs: readonly PathRun[]): readonly PathRun[] {
  return basis === 'benchmark' ? [] : runs.filter((run) => run.bytes > 0);
}

function ofTheHour(runs: readonly PathRun[], nowMs: number): readonly PathRun[] {
  const hourOf = (at: number) => Math.floor(at / HOUR_MS) % DAY_HOURS;
  const near = runs.filter((run) => {
    const apart = Math.abs(hourOf(run.at) - hourOf(nowMs));
    return Math.min(apart, DAY_HOURS - apart) <= 1;
  });
  return near.length >= LEAST_AT_HOUR ? near : runs;
}

/** By nearest rank: each is a value that was seen. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const ranked = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { median: ranked(0.5), p90: sorted.length < LEAST_FOR_P90 ? null : ranked(0.9) };
}
