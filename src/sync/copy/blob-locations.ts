import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/**
 * Which repository of a registry is known to hold a blob, so that it can be mounted from there instead of being sent.
 * A hint: the blob may be gone, and a mount may be refused.
 */
export type BlobLocations = {
  find(registry: string, digest: Digest): Promise<RepositoryName | undefined>;
  add(registry: string, repository: RepositoryName, digests: readonly Digest[]): Promise<void>;
  /** The mount did not work: the blob is not there any more. */
  forget(registry: string, digest: Digest): Promise<void>;
};
