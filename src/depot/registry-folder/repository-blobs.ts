import type { PieceStream } from '../../kernel/piece-stream.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** The blobs of repositories. */
export type RepositoryBlobs = {
  find(repository: RepositoryName, digest: Digest): Promise<{ sizeBytes: number } | undefined>;
  /** A client counts on it for the manifest that follows: it must not go before. */
  countOn?(digest: Digest): void;
  /** Takes a verified file in; the file may be moved away or stay. */
  take(repository: RepositoryName, digest: Digest, path: string): Promise<void>;
  open(
    repository: RepositoryName,
    digest: Digest,
    range: { offset: number; end: number },
  ): Promise<PieceStream | undefined>;
  mount(repository: RepositoryName, digest: Digest, from: RepositoryName | undefined): Promise<boolean>;
  delete(repository: RepositoryName, digest: Digest): Promise<boolean>;
};
