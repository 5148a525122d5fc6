import { type OpenedBenchmarks, openBenchmarks } from '../bench/campaign/open-benchmarks.ts';
import { samplePatienceMs } from '../bench/campaign/sample-patience.ts';
import { openUploadStep } from '../bench/campaign/upload-step.ts';
import type { Environment } from '../config/environment.ts';
import type { Clock } from '../kernel/clock.ts';
import type { World } from '../regions/world.ts';
import type { Store } from '../store/store.ts';
import { openProbeClients } from './probe-clients.ts';

export type MeasuringOptions = {
  readonly world: World;
  readonly store: Pick<Store, 'benchmarks' | 'journal'>;
  readonly environment: Pick<Environment, 'findVariable'>;
  readonly clock: Clock;
  /** How long a sample probes round trips before its body, where the campaign does not say. */
  readonly idleProbeMs: number | undefined;
  readonly onError: (error: unknown) => void;
};

/** Everything that measures: campaigns, and what takes their samples. */
export function openMeasuring(options: MeasuringOptions): OpenedBenchmarks {
  const { world, store, environment, clock, idleProbeMs, onError } = options;
  const sampler = {
    open: openProbeClients({ world, environment, journal: store.journal, clock }),
    clock,
    ...(idleProbeMs === undefined ? {} : { idleMs: idleProbeMs }),
  };
  return openBenchmarks({
    world,
    store: store.benchmarks,
    runStep: openUploadStep({
      sampler,
      registries: world.registries,
      site: world.sites.find((site) => site.service)?.name ?? '',
      // What is worth measuring is far away.
      chunkBytes: world.limits.longPathChunkBytes,
      patienceMs: (payloadBytes) => samplePatienceMs(payloadBytes, world.recommendation),
    }),
    clock,
    onError,
  });
}
