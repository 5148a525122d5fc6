/** What is dropped of a body's beginning: TCP is still finding out what the path takes. */
const RAMP_UP_MS = 3_000;
/** So long without a byte is a stall: longer than any round trip between two chunks. */
export const STALL_MS = 1_000;

/**
 * Bytes per second once under way: without the ramp-up, or without the first third of a body that is short. Null where
 * that leaves too little to say something of the whole: three intervals or less, or less than half of the bytes, as when
 * something near took them at once and only the answer was long in coming.
 */
export function findSteadyRate(intervalBytes: readonly number[], intervalMs: number): number | null {
  const dropped = Math.min(Math.ceil(RAMP_UP_MS / intervalMs), Math.floor(intervalBytes.length / 3));
  const kept = intervalBytes.slice(dropped);
  if (kept.length < 4) return null;
  const bytes = sum(kept);
  return bytes > 0 && bytes * 2 >= sum(intervalBytes) ? (bytes * 1_000) / (kept.length * intervalMs) : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

/** Times without bytes between the first and the last interval: how many were long enough to notice, and the longest. */
export function findStalls(
  intervalBytes: readonly number[],
  intervalMs: number,
): { stalls: number; longestMs: number } {
  const atLeast = Math.ceil(STALL_MS / intervalMs);
  let [stalls, longest, run] = [0, 0, 0];
  for (const bytes of [...intervalBytes, 1]) {
    if (bytes === 0) {
      run += 1;
      continue;
    }
    if (run >= atLeast) stalls += 1;
    longest = Math.max(longest, run);
    run = 0;
  }
  return { stalls, longestMs: longest * intervalMs };
}
