import { parseRepositoryName } from '../../oci/repository-name.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import type { Sampler } from '../probes/measure-flow.ts';
import { takeUpload } from '../probes/take-upload.ts';
import type { Sample } from '../sample.ts';
import type { StepRunner } from './step-runner.ts';

/** Where payloads go: beside the images, below the registry's prefix. */
const BENCH_IMAGE = parseRepositoryName('entrepot-bench/payloads');

/** Takes uploads, from the service's own site. */
export function openUploadStep(options: {
  readonly sampler: Sampler;
  readonly registries: readonly RegistryEntry[];
  readonly site: string;
  readonly chunkBytes: number;
  /** A sample that has not ended by then has failed, so that the others are not held up for longer. */
  readonly patienceMs: (payloadBytes: number) => number;
}): StepRunner {
  const { sampler, registries, site, chunkBytes, patienceMs } = options;
  return async ({ registry, leg, payloadBytes }, { idleMs, ...ids }, signal) => {
    const entry = registries.find(({ name }) => name === registry) ?? { prefix: '', names: 'nested' as const };
    const plan = { repository: registryRepository(entry, BENCH_IMAGE), chunkBytes, keep: false };
    const limitMs = patienceMs(payloadBytes);
    const deadline = AbortSignal.timeout(limitMs);
    const either = AbortSignal.any([signal, deadline]);
    const unhurried = idleMs === undefined ? sampler : { ...sampler, idleMs };
    const { sample } = await takeUpload(unhurried, { ...ids, site, registry, leg, payloadBytes }, plan, either);
    return deadline.aborted && !signal.aborted ? tooSlow(sample, limitMs) : sample;
  };
}

/** Says that time was up, where the sample tells only what was cut off by that. */
function tooSlow(sample: Sample, limitMs: number): Sample {
  if (sample.error === null) return sample;
  const { step, detail } = sample.error;
  const told = `not done within ${Math.round(limitMs / 1_000)} s, which is too slow for the reference image; ${detail}`;
  return { ...sample, error: { code: 'deadline_exceeded', step, detail: told.slice(0, 500) } };
}
