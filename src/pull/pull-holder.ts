import type { RepositoryName } from '../oci/repository-name.ts';
import type { RegistryClient } from '../registry/registry-client.ts';

/** A registry that holds something of an image, and what the image is called there. */
export type PullHolder = {
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly client: Pick<RegistryClient, 'url' | 'headBlob' | 'openBlob' | 'getManifest' | 'findBlobOffer'>;
};

/** Told when a holder failed at something that another then did. */
export type HolderFailed = (holder: PullHolder, error: unknown) => void;
