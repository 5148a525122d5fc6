import type { Readable } from 'node:stream';
import type { PieceStream } from '../../kernel/piece-stream.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest, DigestAlgorithm } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';

/** A manifest as it is kept: its bytes exactly as they were put. */
export type StoredManifest = { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array };

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly sizeBytes: number }
  /** The caller's offset is not where the session stands; nothing was read. */
  | { readonly kind: 'out-of-order'; readonly sizeBytes: number }
  | { readonly kind: 'unknown' };

export type FinishOutcome =
  | { readonly kind: 'stored'; readonly sizeBytes: number }
  /** The bytes are not what the digest says; the session is gone. */
  | { readonly kind: 'mismatch'; readonly actual: Digest }
  | { readonly kind: 'unknown' };

/**
 * What the distribution protocol needs of a place that keeps content. Everything belongs to a repository: a blob
 * that another repository holds is not there until it is uploaded or mounted. Answers are the truth of that moment:
 * a delete is seen by the next question.
 *
 * Implementations need not name this type (they lie below this folder); they only have to fit it.
 */
export type RegistryStorage = {
  hasRepository(repository: RepositoryName): Promise<boolean>;
  createRepository(repository: RepositoryName): Promise<void>;

  findBlob(repository: RepositoryName, digest: Digest): Promise<{ readonly sizeBytes: number } | undefined>;
  /** A client that pushes counts on the blob, of which it was told that it is here, for the manifest that follows. */
  countOn?(digest: Digest): void;
  /** Bytes `[offset, end)`; whoever takes the stream must read it to its end or destroy it. */
  openBlob(
    repository: RepositoryName,
    digest: Digest,
    range: { readonly offset: number; readonly end: number },
  ): Promise<PieceStream | undefined>;
  /** Makes a blob of `from` (of any repository when undefined) one of `repository` too; false when it is not there. */
  mountBlob(repository: RepositoryName, digest: Digest, from: RepositoryName | undefined): Promise<boolean>;
  deleteBlob(repository: RepositoryName, digest: Digest): Promise<boolean>;

  /** Opens an upload session and answers its id. `algorithm` is the one the closing digest is expected in. */
  startUpload(repository: RepositoryName, algorithm: DigestAlgorithm): Promise<string>;
  /** How many bytes the session holds, also while more are arriving. */
  findUpload(repository: RepositoryName, id: string): Promise<{ readonly sizeBytes: number } | undefined>;
  /**
   * Appends a body at the session's end. When the body breaks off, what arrived is kept and a `connection_lost` is
   * thrown. A second append to the same session ends the first with `cancelled`: a client that comes back while its
   * old connection has not died yet must not wait for it. The pieces of a request's body are used up: their memory may be
   * freed once they are stored. `offset` undefined appends wherever the session stands.
   * `algorithm`, known when the same request brings the digest, saves hashing twice.
   */
  appendUpload(
    repository: RepositoryName,
    id: string,
    chunk: { readonly body: Readable; readonly offset?: number; readonly algorithm?: DigestAlgorithm },
  ): Promise<AppendOutcome>;
  /**
   * Verifies the session's bytes and makes them a blob of the repository. Asked again for the same session and digest, it
   * answers the same for a while: the first answer may have been lost.
   */
  finishUpload(repository: RepositoryName, id: string, digest: Digest): Promise<FinishOutcome>;
  cancelUpload(repository: RepositoryName, id: string): Promise<boolean>;

  findManifest(repository: RepositoryName, reference: Digest | Tag): Promise<StoredManifest | undefined>;
  hasManifest(repository: RepositoryName, digest: Digest): Promise<boolean>;
  /** The digest that a tag names now. */
  findTag(repository: RepositoryName, tag: Tag): Promise<Digest | undefined>;
  /** Keeps the manifest, lists it among its subject's referrers, and lets the tags name it. */
  putManifest(repository: RepositoryName, manifest: Manifest, tags: readonly Tag[]): Promise<void>;
  /** Forgets a manifest, the tags that name it and its place among referrers. */
  deleteManifest(repository: RepositoryName, digest: Digest): Promise<boolean>;
  deleteTag(repository: RepositoryName, tag: Tag): Promise<boolean>;
  /** All tags in ASCII order, or undefined when there is no such repository. */
  listTags(repository: RepositoryName): Promise<readonly Tag[] | undefined>;
  /** Descriptors of the manifests whose `subject` is the digest, ordered by their digest; empty when there are none. */
  listReferrers(repository: RepositoryName, subject: Digest): Promise<readonly Descriptor[]>;
};
