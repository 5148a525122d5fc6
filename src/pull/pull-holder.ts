import type { RepositoryName } from '../oci/repository-name.ts';
import type { RegistryClient } from '../registry/registry-client.ts';

/** What pulling asks of a holder. */
export type PullClient = Pick<
  RegistryClient,
  'headBlob' | 'openBlob' | 'getManifest' | 'findBlobOffer' | 'listReferrers'
>;

/** Who holds something of an image, and what the image is called there: a registry, or the depot. */
export type PullHolder = {
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly client: PullClient;
};

/** Told when a holder failed at something that another then did. */
export type HolderFailed = (holder: PullHolder, error: unknown) => void;
