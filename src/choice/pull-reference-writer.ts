import type { Digest } from '../oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import { pullReference } from '../regions/registry-repository.ts';
import type { RegistryEntry } from '../regions/world.ts';

export type PullReferenceWriter = (image: RepositoryName, digest: Digest) => string;

const SAMPLE = parseRepositoryName('sample');

/**
 * `pullReference` for one registry and site, with all that does not depend on the image done once: resolve writes
 * several references per answer. It takes only images that are placed there, whose names were checked by then.
 */
export function pullReferenceWriter(registry: RegistryEntry, site: string): PullReferenceWriter {
  const base = pullReference(registry, site, SAMPLE, '').slice(0, -`${SAMPLE}@`.length);
  if (registry.names === 'flat') return (image, digest) => `${base}${image.replaceAll('/', '-')}@${digest}`;
  return (image, digest) => `${base}${image}@${digest}`;
}
