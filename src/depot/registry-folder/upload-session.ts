import type { DigestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UploadHash } from './upload-hash.ts';

/** An upload session as memory knows it. Its file is the truth: what memory forgot is read from there. */
export type UploadSession = {
  readonly repository: RepositoryName;
  algorithm: DigestAlgorithm;
  sizeBytes: number;
  readonly hash: UploadHash;
  /** What the disk is at work on; rejected where it did not take what was written. */
  synced: Promise<unknown>;
  /** The request that is at work on the session now. */
  holder: { abort(): void; done: Promise<void> } | undefined;
};

/** One request at a time has a session, and the newest has precedence: the one before is ended and waited for. */
export async function holdSession<T>(session: UploadSession, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  while (session.holder !== undefined) {
    session.holder.abort();
    await session.holder.done;
  }
  const abort = new AbortController();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  session.holder = { abort: () => abort.abort(), done };
  try {
    return await act(abort.signal);
  } finally {
    session.holder = undefined;
    session.hash.rest();
    resolve();
  }
}
