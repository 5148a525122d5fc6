import type { Digest, DigestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** An upload session whose file has grown. */
export type GrownSession = {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly algorithm: DigestAlgorithm;
  /** Where its bytes are, until a digest is known; who opened the file reads it on afterwards. */
  readonly path: string;
  readonly sizeBytes: number;
};

/** Hears what becomes of upload sessions. Whoever listens must be quick: the client's next bytes wait for it. */
export type UploadWatch = {
  grown(session: GrownSession): void;
  /** All bytes are there and are what the digest says; they have not been taken yet. */
  verified(id: string, blob: { readonly digest: Digest; readonly size: number }): void;
  /** The session is over: taken, cancelled, wrong, or left alone for too long. */
  ended(id: string): void;
};

export const nobodyWatches: UploadWatch = { grown() {}, verified() {}, ended() {} };
