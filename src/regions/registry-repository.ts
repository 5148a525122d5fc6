import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { RegistryEntry } from './world.ts';

/** The repository that holds an image at a registry: its prefix, and the name nested or flattened as the registry needs. */
export function registryRepository(
  registry: Pick<RegistryEntry, 'prefix' | 'names'>,
  image: RepositoryName,
): RepositoryName {
  const name = registry.names === 'flat' ? image.replaceAll('/', '-') : image;
  return parseRepositoryName(registry.prefix === '' ? name : `${registry.prefix}/${name}`);
}

/** `host/repository@digest` as a cluster of `site` would write it, with the site's own address where there is one. */
export function pullReference(
  registry: Pick<RegistryEntry, 'url' | 'addresses' | 'prefix' | 'names'>,
  site: string,
  image: RepositoryName,
  digest: string,
): string {
  const host = new URL(registry.addresses[site] ?? registry.url).host;
  return `${host}/${registryRepository(registry, image)}@${digest}`;
}

/** The other image that would have the same repository at a registry with flat names (`team/app` and `team-app`); undefined when none has. */
export function findCollision(
  registry: Pick<RegistryEntry, 'prefix' | 'names'>,
  image: RepositoryName,
  images: Iterable<RepositoryName>,
): RepositoryName | undefined {
  if (registry.names === 'nested') return undefined;
  const repository = registryRepository(registry, image);
  for (const other of images) if (other !== image && registryRepository(registry, other) === repository) return other;
  return undefined;
}
