import type { Digest } from '../oci/digest.ts';
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
  /** The same bytes without crossing anything: what it has is read here before any registry is asked. */
  readonly isNear?: true;
  /** Told that it gave, or was one of those who gave, bytes that are not the digest's. */
  readonly onWrongBytes?: (digest: Digest) => void;
};

/** Told when a holder failed at something that another then did. */
export type HolderFailed = (holder: PullHolder, error: unknown) => void;
