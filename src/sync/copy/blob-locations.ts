import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** Which repositories of a registry are known to hold a blob, so that it can be mounted from there. A hint: a mount may be refused. */
export type BlobLocations = {
  find(registry: string, digest: Digest): RepositoryName | undefined;
  add(registry: string, repository: RepositoryName, digests: Iterable<Digest>): void;
};

/** Remembers the newest so many blobs a registry. */
export function rememberBlobLocations(maxPerRegistry = 50_000): BlobLocations {
  const registries = new Map<string, Map<Digest, RepositoryName>>();
  return {
    find: (registry, digest) => registries.get(registry)?.get(digest),
    add: (registry, repository, digests) => {
      const known = registries.get(registry) ?? new Map<Digest, RepositoryName>();
      registries.set(registry, known);
      for (const digest of digests) {
        known.delete(digest);
        known.set(digest, repository);
        const oldest = known.size > maxPerRegistry ? known.keys().next().value : undefined;
        if (oldest !== undefined) known.delete(oldest);
      }
    },
  };
}
