import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';

export type ManifestReference = Digest | Tag;

export type ManifestHead = { readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number };

/**
 * A blob's bytes from `startsAt` on; `startsAt` is 0 where the registry ignored the range. Not verified. Must be read to
 * its end or its iterator returned.
 */
export type BlobBody = {
  readonly startsAt: number;
  /** Where the bytes end by the answer to a range; undefined when the whole blob was answered. */
  readonly endsAt: number | undefined;
  /** Size of the whole blob where the registry told it. */
  readonly sizeBytes: number | undefined;
  /** Is whoever gives the bytes, which may be a storage that the registry led us to, far away? */
  readonly isLongPath: boolean;
  readonly body: AsyncIterable<Uint8Array>;
};

/** An upload session as the registry last described it. */
export type UploadSession = {
  /** Absolute URL for the next request; opaque, it may carry state in its query. */
  readonly location: string;
  /** The registry's `OCI-Chunk-Min-Length`, 0 when it has none. */
  readonly minChunkBytes: number;
  /** Where the blob goes: which rights to ask for. Without it they are read from the location where that is possible. */
  readonly repository?: RepositoryName;
};

/** Bytes that the registry says it has, and where to go on. `offset` undefined: it did not say. */
export type UploadProgress = { readonly session: UploadSession; readonly offset: number | undefined };

export type MountOrSession =
  | { readonly kind: 'mounted' }
  | { readonly kind: 'session'; readonly session: UploadSession };

/** Where anybody may fetch a blob; null where it has to be read with the registry's credentials. */
export type BlobOffer = { readonly url: string | null };

export type RequestOptions = { readonly signal?: AbortSignal };

/**
 * The distribution protocol towards one registry: one method an operation, one request a method besides
 * authentication and redirects. Methods do not retry, but for a single re-authentication after a 401; they answer
 * `undefined` for a plain 404 where absence is an ordinary outcome and throw a `Failure` otherwise.
 *
 * Source: OCI distribution-spec 1.1; deviations of real registries in `deviations.ts`.
 */
export type RegistryClient = {
  /** The endpoint's origin. */
  readonly url: string;
  /** `GET /v2/`: is it there, does it speak the protocol, are the credentials good? */
  ping(options?: RequestOptions): Promise<void>;

  headManifest(
    repository: RepositoryName,
    reference: ManifestReference,
    options?: RequestOptions,
  ): Promise<ManifestHead | undefined>;
  /** The manifest with its bytes verified against the reference when that is a digest, and against the registry's own word otherwise. */
  getManifest(
    repository: RepositoryName,
    reference: ManifestReference,
    options?: RequestOptions,
  ): Promise<Manifest | undefined>;
  /** Puts the bytes as they are. `subjectAccepted`: the registry keeps referrers itself (`OCI-Subject`). */
  putManifest(
    repository: RepositoryName,
    reference: ManifestReference,
    manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
    options?: RequestOptions,
  ): Promise<{ subjectAccepted: boolean }>;
  deleteManifest(repository: RepositoryName, reference: ManifestReference, options?: RequestOptions): Promise<boolean>;

  headBlob(
    repository: RepositoryName,
    digest: Digest,
    options?: RequestOptions,
  ): Promise<{ sizeBytes: number } | undefined>;
  /** Opens a blob at `offset`, following redirects without credentials to other hosts. */
  openBlob(
    repository: RepositoryName,
    digest: Digest,
    options?: RequestOptions & { offset?: number; endInclusive?: number },
  ): Promise<BlobBody | undefined>;
  /** Where the blob can be fetched without credentials, as of now: such addresses expire within minutes. Undefined: the registry lacks it. */
  findBlobOffer(repository: RepositoryName, digest: Digest, options?: RequestOptions): Promise<BlobOffer | undefined>;
  deleteBlob(repository: RepositoryName, digest: Digest, options?: RequestOptions): Promise<boolean>;

  /** Begins an upload; with `from`, asks the registry to mount the blob from that repository instead. */
  startUpload(
    repository: RepositoryName,
    options?: RequestOptions & { mount?: { digest: Digest; from?: RepositoryName }; algorithm?: DigestAlgorithm },
  ): Promise<MountOrSession>;
  /** Appends one chunk with `Content-Range`; `offset` undefined sends it as one stream without. 416 is `range_refused`, 404 `upload_session_lost`. */
  sendChunk(
    session: UploadSession,
    chunk: { offset?: number; sizeBytes?: number; body: AsyncIterable<Uint8Array> | Uint8Array },
    options?: RequestOptions,
  ): Promise<UploadProgress>;
  /** Closes the session with the digest, with the last chunk where one is given (the whole blob for a monolithic upload). */
  finishUpload(
    session: UploadSession,
    digest: Digest,
    last?: { offset: number; sizeBytes: number; body: AsyncIterable<Uint8Array> | Uint8Array },
    options?: RequestOptions,
  ): Promise<void>;
  /** The session's state, or undefined when the registry does not know it. */
  getUpload(session: UploadSession, options?: RequestOptions): Promise<UploadProgress | undefined>;
  /** Best effort, never throws: false when the registry could not be asked, true whatever it answered. */
  cancelUpload(session: UploadSession, options?: RequestOptions): Promise<boolean>;

  /** All tags, page after page. */
  listTags(repository: RepositoryName, options?: RequestOptions): AsyncIterable<Tag>;
  /** Referrers of a digest by the API, or by the fallback tag where the API is missing; empty when there are none. */
  listReferrers(
    repository: RepositoryName,
    digest: Digest,
    options?: RequestOptions & { artifactType?: string },
  ): Promise<{ referrers: readonly Descriptor[]; by: 'api' | 'tag' }>;
  /** Adds a referrer to the fallback tag's index, for registries whose `putManifest` did not accept the subject. */
  addFallbackReferrer(
    repository: RepositoryName,
    subject: Digest,
    referrer: Descriptor,
    options?: RequestOptions,
  ): Promise<void>;

  close(): Promise<void>;
};
