import type { Held } from './memory-watch.ts';

/**
 * How much more a warm process may hold at the end of a watch than at its beginning. The heap is counted after forced
 * collections, so what is left is what is in use: the answers for the images that were pushed meanwhile (about 2 kB
 * each), transfers under way, a window of a few MiB for each landing blob. Resident memory also holds pages
 * that the allocator keeps for later, and needs more room.
 */
const SPARE = { heapBytes: 12_000_000, residentBytes: 40_000_000, files: 40 };

/** What a leg that is not placed yet may hold: its push as answers speak of it (1.4 kB were seen with 900 of them). */
const OPEN_LEG_BYTES = 2_000;

export type Growth = Pick<Held, 'heapBytes' | 'residentBytes' | 'files'> & { readonly leaks: readonly string[] };

/**
 * The lowest of the last third against the lowest of the first third: what comes and goes with the work is in neither,
 * and what a queue that has grown may hold is taken off. A leak of 1 % of the watched time's work shows when the watch
 * is long.
 */
export function findGrowth(samples: readonly Held[]): Growth {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const grown = (of: (held: Held) => number) =>
    Math.min(...samples.slice(-third).map(of)) - Math.min(...samples.slice(0, third).map(of));
  const growth = {
    heapBytes: grown(({ heapBytes, openLegs }) => heapBytes - openLegs * OPEN_LEG_BYTES),
    residentBytes: grown(({ residentBytes }) => residentBytes),
    files: grown(({ files }) => files),
  };
  const leaks = [
    ...(growth.heapBytes > SPARE.heapBytes ? [`${growth.heapBytes} bytes more are in use`] : []),
    ...(growth.residentBytes > SPARE.residentBytes ? [`${growth.residentBytes} bytes more are resident`] : []),
    ...(growth.files > SPARE.files ? [`${growth.files} files more are open`] : []),
  ];
  return { ...growth, leaks };
}
