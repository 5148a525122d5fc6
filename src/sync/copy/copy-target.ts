import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { ManifestReference, RegistryClient } from '../../registry/registry-client.ts';
import type { Slots } from './slots.ts';

/** A registry that images are copied to, with what its copies share. */
export type CopyTarget = {
  readonly name: string;
  readonly client: RegistryClient;
  /** Makes sure that the repository exists, where the registry does not make it by itself. */
  ensureRepository(repository: RepositoryName, signal: AbortSignal): Promise<void>;
  /** Which of these blobs the repository has, with their sizes; only where many can be asked for at once. */
  findBlobs?(
    repository: RepositoryName,
    digests: readonly Digest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Digest, number> | undefined>;
  /** The bytes of the manifests that these references name there; only where many can be asked for at once. */
  findManifests?(
    repository: RepositoryName,
    references: readonly ManifestReference[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ManifestReference, Uint8Array> | undefined>;
  /** False where no blob can be had from another repository of the registry. */
  readonly mounts?: false;
  /** Places for blobs in flight, over all copies to this registry. */
  readonly slots: Slots;
  /** Blobs that are crossing to this registry now, by digest, with the repository they go to: whoever needs one of them waits and then mounts or finds it. */
  readonly crossing: Map<Digest, Promise<RepositoryName>>;
  /** How the kernel decides how fast to send there, `bbr` or `cubic`; null while it is not known. */
  readonly congestionControl: string | null;
  /** As large as the path that it was last reached by makes it worth. */
  readonly chunkBytes: number;
};
