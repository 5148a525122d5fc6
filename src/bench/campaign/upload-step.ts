import type { RegistryEntry } from '../../regions/world.ts';
import type { Sampler } from '../probes/measure-flow.ts';
import { takeUpload } from '../probes/take-upload.ts';
import { takeWithin } from '../probes/take-within.ts';
import { benchRepository } from './bench-image.ts';
import type { StepRunner } from './step-runner.ts';

/** Takes uploads, from the service's own site. */
export function openUploadStep(options: {
  readonly sampler: Sampler;
  readonly registries: readonly RegistryEntry[];
  readonly site: string;
  /** What a transfer to the registry sends at once, as far away as it was last found. */
  readonly chunkBytes: (registry: string) => number;
  /** A sample that has not ended by then has failed, so that the others are not held up for longer. */
  readonly patienceMs: (payloadBytes: number) => number;
}): StepRunner {
  const { sampler, registries, site, chunkBytes, patienceMs } = options;
  return ({ registry, leg, payloadBytes }, { idleMs, ...ids }, signal) => {
    const order = { ...ids, site, registry, leg, payloadBytes };
    const plan = { repository: benchRepository(registries, registry), chunkBytes: chunkBytes(registry), keep: false };
    const unhurried = idleMs === undefined ? sampler : { ...sampler, idleMs };
    return takeWithin(
      patienceMs(payloadBytes),
      signal,
      async (either) => (await takeUpload(unhurried, order, plan, either)).sample,
    );
  };
}
