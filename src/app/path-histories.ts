import type { MeasurementStore } from '../bench/measurement-store.ts';
import type { Clock } from '../kernel/clock.ts';
import { PathHistories } from '../sync/estimate/path-histories.ts';
import type { PushStore } from '../sync/push/push-store.ts';

/** Samples of one registry: a day of one every quarter of an hour. */
const MOST_SAMPLES = 100;

/** What legs to registries took, and what benchmarks measured on the same paths. */
export function openPathHistories(parts: {
  readonly store: { readonly pushes: Pick<PushStore, 'finishedRuns'>; readonly measurements: MeasurementStore };
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}): PathHistories {
  const { pushes, measurements } = parts.store;
  return new PathHistories(
    {
      finishedRuns: (registry, limit) => pushes.finishedRuns(registry, limit),
      measuredRuns: async (registry) =>
        (await measurements.recentUploads(registry, MOST_SAMPLES)).map((sample) => ({
          at: sample.at,
          bytes: sample.payloadBytes,
          headMs: Math.round(sample.setupSeconds * 1_000),
          moveMs: Math.round((sample.payloadBytes / sample.rate) * 1_000),
          // A sample is not looked at again.
          tailMs: 0,
        })),
    },
    parts.clock,
    parts.onError,
  );
}
