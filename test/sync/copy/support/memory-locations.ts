import type { RepositoryName } from '../../../../src/oci/repository-name.ts';
import type { BlobLocations } from '../../../../src/sync/copy/blob-locations.ts';

export function memoryLocations(): BlobLocations {
  const known = new Map<string, RepositoryName>();
  return {
    find: async (registry, digest) => known.get(`${registry} ${digest}`),
    add: async (registry, repository, digests) => {
      for (const digest of digests) known.set(`${registry} ${digest}`, repository);
    },
    forget: async (registry, digest) => {
      known.delete(`${registry} ${digest}`);
    },
  };
}
