import { parseRepositoryName } from '../../oci/repository-name.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import type { Sampler } from '../probes/measure-flow.ts';
import { takeUpload } from '../probes/take-upload.ts';
import type { Sample } from '../sample.ts';
import type { RoundStep } from './round-order.ts';

/** Where payloads go: beside the images, below the registry's prefix. */
const BENCH_IMAGE = parseRepositoryName('entrepot-bench/payloads');
/** A sample that has not ended by then has failed, so that the others are not held up for longer. */
const SAMPLE_DEADLINE_MS = 10 * 60_000;

export type StepRunner = (
  step: RoundStep,
  ids: { readonly id: string; readonly campaign: string; readonly round: string },
  signal: AbortSignal,
) => Promise<Sample>;

/** Takes the sample of one step of a round. */
export function openStepRunner(options: {
  readonly sampler: Sampler;
  readonly registries: readonly RegistryEntry[];
  readonly site: string;
  readonly chunkBytes: number;
}): StepRunner {
  const { sampler, registries, site, chunkBytes } = options;
  return async ({ registry, leg, payloadBytes }, ids, signal) => {
    const entry = registries.find(({ name }) => name === registry) ?? { prefix: '', names: 'nested' as const };
    const plan = { repository: registryRepository(entry, BENCH_IMAGE), chunkBytes, keep: false };
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(SAMPLE_DEADLINE_MS)]);
    return (await takeUpload(sampler, { ...ids, site, registry, leg, payloadBytes }, plan, deadline)).sample;
  };
}
