import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest, DigestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { BlobReader } from './blob-depot.ts';

/** A blob that a client is still sending to us. Its bytes can be read as they come; what they are is known at the end. */
export type GrowingUpload = {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly algorithm: DigestAlgorithm;
  /** Bytes that are there to be read. */
  readonly sizeBytes: number;
  /** Once all of it is there and is what the client said it would be. */
  readonly blob: Pick<Descriptor, 'digest' | 'size'> | undefined;
  /** Resolves once more than so many bytes are there, or all of them. */
  waitBeyond(bytes: number, signal: AbortSignal): Promise<void>;
  /** The digest of its first bytes. */
  hashBeginning(bytes: number): Promise<string>;
  /** Blobs that we have and that begin as it does, so it may be one of them. */
  findAlike(): Promise<readonly Digest[]>;
  /** Resolves once the upload is seen to be another blob than that one (true), or is whole and was not (false). */
  differsFrom(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** Its bytes stay readable, also when it is over and its file has moved, until what is returned is called. */
  keep(): Promise<() => void>;
  openReader(): Promise<GrowingReader>;
};

/**
 * Reads an upload from the disk for one target, hashing what it reads. As with every reader the very last bytes are
 * given only once the digest of all that was read is right.
 */
export type GrowingReader = BlobReader & {
  /**
   * Goes on with the bytes of another upload, which is kept, where those that were read so far are the same there;
   * false, and all stays as it was, where they are not. Not while a reading is under way.
   */
  goOnWith(other: GrowingUpload): Promise<boolean>;
};

/** Hears of uploads that grow. */
export type UploadGrowth = {
  /** Again and again, as bytes come. */
  grown(upload: GrowingUpload): void;
  /** `upload.blob` is known from now on. */
  verified(upload: GrowingUpload): void;
  /** Nothing more will come: it is whole and taken, or it was given up. */
  ended(upload: GrowingUpload): void;
};
