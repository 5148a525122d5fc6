import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { RegistryEntry } from '../../regions/world.ts';

/** Where payloads go: beside the images, below the registry's prefix. */
const BENCH_IMAGE = parseRepositoryName('entrepot-bench/payloads');
const PLAIN = { prefix: '', names: 'nested' } as const;

/** The repository of payloads at a registry. */
export function benchRepository(
  registries: readonly Pick<RegistryEntry, 'name' | 'prefix' | 'names'>[],
  registry: string,
): RepositoryName {
  return registryRepository(registries.find(({ name }) => name === registry) ?? PLAIN, BENCH_IMAGE);
}
