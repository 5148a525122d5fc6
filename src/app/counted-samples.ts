import type { BenchmarkStore } from '../bench/campaign/benchmark-store.ts';
import { isStandIn, type Sample } from '../bench/sample.ts';

/** Tells of each sample once it is recorded. What only stands where a sample was not taken is none. */
export function countedSamples(store: BenchmarkStore, onSample: (sample: Sample) => void): BenchmarkStore {
  return {
    ...store,
    async recordSample(sample, reference) {
      const isNew = await store.recordSample(sample, reference);
      if (isNew && !isStandIn(sample)) onSample(sample);
      return isNew;
    },
  };
}
