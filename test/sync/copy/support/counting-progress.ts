import type { CopyProgress } from '../../../../src/sync/copy/copy-progress.ts';

export type CopyCounts = {
  planned: { blobs: number; bytes: number };
  present: number;
  shared: number;
  mounted: number;
  moved: number;
  sentBytes: number;
  resentBytes: number;
  resumedBytes: number;
  restarted: number;
  replaced: string[];
};

/** Adds up what a copy tells. */
export function countingProgress(): { progress: CopyProgress; counts: CopyCounts } {
  const counts: CopyCounts = {
    planned: { blobs: 0, bytes: 0 },
    present: 0,
    shared: 0,
    mounted: 0,
    moved: 0,
    sentBytes: 0,
    resentBytes: 0,
    resumedBytes: 0,
    restarted: 0,
    replaced: [],
  };
  const progress: CopyProgress = {
    planned: (total) => {
      counts.planned = total;
    },
    done: (how) => {
      counts[how] += 1;
    },
    sent: (bytes, again) => {
      counts.sentBytes += bytes;
      counts.resentBytes += again;
    },
    resumed: (bytes) => {
      counts.resumedBytes += bytes;
    },
    restarted: () => {
      counts.restarted += 1;
    },
    replaced: (direction, cause) => {
      counts.replaced.push(`${direction} ${cause}`);
    },
    verifying: () => {},
  };
  return { progress, counts };
}
