import { Failure, isFailure } from '../../kernel/failure.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RegistryClient, UploadSession } from '../../registry/registry-client.ts';
import type { UploadJournal } from '../push/push-store.ts';
import type { ReplacedCause } from './copy-progress.ts';
import { isPatient, type Pause, pauseBefore } from './pause-before.ts';
import { findReplacedCause } from './replaced-cause.ts';
import { decideResume, findNamedOffset } from './resume-decision.ts';
import type { UploadContent } from './upload-content.ts';
import { UploadNotes } from './upload-notes.ts';

/** How often in a row a step may fail without the registry acknowledging a byte that it never had before. */
const MAX_FRUITLESS_ATTEMPTS = 5;

/** How long we wait for a registry to let go of a session that holds wrong bytes. */
const CANCEL_TIMEOUT_MS = 5_000;

export type BlobUpload = {
  readonly registry: string;
  readonly client: RegistryClient;
  readonly repository: RepositoryName;
  readonly content: UploadContent;
  readonly journal: UploadJournal;
  readonly chunkBytes: number;
  /** Chunks of a blob that is still growing may be as small as this. */
  readonly leastChunkBytes?: number;
  readonly pause: Pause;
  readonly nowMs: () => number;
  /** Others may have a turn; the upload goes on when it resolves. */
  readonly betweenChunks?: () => Promise<void>;
  /** Bytes handed to the connection; `again` of them had been before. */
  readonly onSent: (bytes: number, again: number) => void;
  /** The upload of an earlier attempt goes on: so many bytes are at the registry already. */
  readonly onResumed: (bytes: number) => void;
  /** A connection was given up because too little moved on it. */
  readonly onReplaced?: (cause: ReplacedCause) => void;
  /** The session was lost and the blob begins anew. */
  readonly onRestarted: () => void;
};

/** A session that has been opened already, by the request that asked for a mount and got a session instead. */
export type OpenedSession = UploadSession | undefined;

/**
 * Uploads one blob in chunks, the last of which travels with the closing PUT, so that an interruption costs at most
 * one chunk; a blob of one chunk is one PUT. Goes on by itself after failures that may pass, and after a restart where
 * the journal says an upload stood. Throws when the registry makes no progress over several attempts. A blob that is
 * still growing is sent as it grows, and closed once it is known what it is.
 */
export async function uploadBlob(upload: BlobUpload, opened: OpenedSession, signal: AbortSignal): Promise<void> {
  await new Upload(upload, signal).run(opened);
}

class Upload {
  readonly #upload: BlobUpload;
  readonly #signal: AbortSignal;
  readonly #notes: UploadNotes;
  #session: UploadSession | undefined;
  /** Where the session goes on, and the farthest that any session of this blob ever stood. */
  #acknowledged = 0;
  #furthest = 0;
  #sentUpTo = 0;
  /** Were the session's bytes sent in one go, all by us? Otherwise they are what the registry made of the pieces. */
  #isSeamless = true;
  #isTakingUp = false;
  #readFailure: unknown;

  constructor(upload: BlobUpload, signal: AbortSignal) {
    this.#upload = upload;
    this.#signal = signal;
    const { key, blob } = upload.content;
    this.#notes = new UploadNotes(upload, key, blob === undefined);
  }

  async run(opened: OpenedSession): Promise<void> {
    this.#session = opened;
    let failure: Failure | undefined;
    for (let fruitless = 0, isDone = false; !isDone; ) {
      const before = this.#furthest;
      try {
        if (failure === undefined) await this.#takeUp();
        else isDone = await this.#recover(failure);
        failure = undefined;
        while (!isDone) {
          this.#session ??= await this.#startSession();
          // Before its first byte: a session that nobody remembers could be neither taken up nor given back.
          if (this.#notes.areNone) await this.#note();
          isDone = await this.#sendNext(this.#session);
          if (!isDone) await this.#upload.betweenChunks?.();
        }
      } catch (error) {
        const cause = this.#readFailure ?? error;
        this.#readFailure = undefined;
        const replaced = findReplacedCause(cause);
        if (replaced !== undefined) this.#upload.onReplaced?.(replaced);
        fruitless = this.#furthest > before ? 1 : fruitless + 1;
        if (this.#signal.aborted || !this.#mayGoOn(cause, fruitless)) {
          await this.#leave(cause);
          this.#signal.throwIfAborted();
          throw cause;
        }
        failure ??= cause;
        await this.#upload.pause(pauseBefore(fruitless, cause.details.retryAfterMs), this.#signal);
      }
    }
    await this.#notes.remove();
  }

  /** Goes on with the session of an earlier attempt, where the journal has one that the registry still knows. */
  async #takeUp(): Promise<void> {
    const entry = this.#session === undefined ? await this.#notes.find() : undefined;
    if (entry === undefined) return;
    this.#session = { location: entry.location, minChunkBytes: 0, repository: this.#upload.repository };
    this.#isTakingUp = true;
    this.#isSeamless = false;
    this.#acknowledge(entry.offset);
    this.#sentUpTo = Math.max(entry.sentUpTo, entry.offset);
    await this.#askSession(false);
  }

  async #startSession(): Promise<UploadSession> {
    const { client, repository, content } = this.#upload;
    const { algorithm } = content;
    const answer = await client.startUpload(repository, {
      signal: this.#signal,
      ...(algorithm === 'sha256' ? {} : { algorithm }),
    });
    if (answer.kind === 'mounted')
      throw new Failure('remote_unexpected', 'an upload session was asked for, a mount was answered');
    return answer.session;
  }

  /** Sends one chunk; true when it was the last and the registry has the blob. */
  async #sendNext(session: UploadSession): Promise<boolean> {
    const { client, content, chunkBytes, leastChunkBytes = chunkBytes } = this.#upload;
    const offset = this.#acknowledged;
    const most = Math.max(chunkBytes, session.minChunkBytes);
    const least = Math.max(leastChunkBytes, session.minChunkBytes);
    const end = await content.findChunkEnd(offset, { least, most }, this.#signal);
    const { blob } = content;
    if (blob !== undefined) await this.#notes.isOf(blob.digest);
    const stop = new AbortController();
    const body = this.#body(offset, end, session, stop.signal);
    const chunk = { offset, sizeBytes: end - offset, body };
    try {
      if (end === blob?.size) {
        await client.finishUpload(session, blob.digest, chunk, { signal: this.#signal });
        return true;
      }
      const progress = await client.sendChunk(session, chunk, { signal: this.#signal });
      this.#session = progress.session;
    } finally {
      // A request that failed leaves its body waiting for the source; two that read at once would confuse the reader.
      stop.abort();
      await body.return(undefined);
    }
    this.#acknowledge(end);
    if (this.#notes.isDue) await this.#note();
    return false;
  }

  async *#body(offset: number, end: number, session: UploadSession, stop: AbortSignal): AsyncGenerator<Uint8Array> {
    const signal = AbortSignal.any([this.#signal, stop]);
    let position = offset;
    try {
      for await (const piece of this.#upload.content.reader.read({ offset, end }, signal)) {
        if (stop.aborted) return;
        const again = Math.max(0, Math.min(this.#sentUpTo - position, piece.byteLength));
        position += piece.byteLength;
        this.#sentUpTo = Math.max(this.#sentUpTo, position);
        this.#upload.onSent(piece.byteLength, again);
        if (this.#notes.isDue) await this.#note(session);
        yield piece;
      }
    } catch (error) {
      if (stop.aborted) return;
      // The reader's failure is the true one; the connection's, which follows from it, is not.
      this.#readFailure = error;
      throw error;
    }
  }

  /** Finds out where things stand after a failure; true when the registry turns out to have the blob already. */
  async #recover(failure: Failure): Promise<boolean> {
    const { client, repository, content } = this.#upload;
    const { blob } = content;
    const isRefused = isFailure(failure, 'range_refused');
    const named = isRefused ? findNamedOffset(failure, this.#acknowledged) : undefined;
    if (named !== undefined && named <= this.#sentUpTo) {
      this.#acknowledge(named);
      return false;
    }
    // The answer to a closing PUT may have been lost on its way: then the blob is there.
    if (
      blob !== undefined &&
      this.#sentUpTo >= blob.size &&
      (await client.headBlob(repository, blob.digest, { signal: this.#signal })) !== undefined
    )
      return true;
    if (this.#session === undefined) return false;
    if (isFailure(failure, 'upload_session_lost', 'digest_mismatch', 'remote_refused')) this.#startOver();
    else await this.#askSession(isRefused);
    return false;
  }

  async #askSession(isRefused: boolean): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const known = await this.#upload.client.getUpload(session, { signal: this.#signal });
    const answer =
      known === undefined ? ({ kind: 'unknown' } as const) : ({ kind: 'known', offset: known.offset } as const);
    const own = { acknowledgedBytes: this.#acknowledged, blobBytes: this.#upload.content.sizeBytes, isRefused };
    const decision = decideResume(own, answer);
    if (decision.act === 'start-over') {
      // It is of no use, and with the next note nobody would know of it.
      if (known !== undefined) await this.#upload.client.cancelUpload(session, { signal: this.#signal });
      this.#startOver();
      return;
    }
    this.#session = known?.session ?? session;
    this.#isSeamless = false;
    this.#acknowledge(decision.offset);
    if (this.#isTakingUp && decision.offset > 0) this.#upload.onResumed(decision.offset);
    this.#isTakingUp = false;
  }

  #acknowledge(offset: number): void {
    this.#acknowledged = offset;
    this.#furthest = Math.max(this.#furthest, offset);
  }

  #startOver(): void {
    if (this.#sentUpTo > 0) this.#upload.onRestarted();
    this.#session = undefined;
    this.#acknowledged = 0;
    this.#isSeamless = true;
    this.#isTakingUp = false;
    this.#notes.expire();
  }

  /** Is there a point in asking the same registry again for this blob? Failures of the other side are not ours to repeat. */
  #mayGoOn(cause: unknown, fruitless: number): cause is Failure {
    if (!isFailure(cause) || fruitless >= MAX_FRUITLESS_ATTEMPTS || !isPatient(cause)) return false;
    const { code, mayRetry, details } = cause;
    if (details.side === 'source' || details.side === 'here') return false;
    // What was pieced together may be beyond repair: sent in one go it deserves another chance.
    if (code === 'digest_mismatch') return !this.#isSeamless;
    if (code === 'remote_refused') return !this.#isSeamless && details.status !== 413;
    return mayRetry;
  }

  /** Leaves a note of where the upload stands, or makes the registry forget bytes that cannot become the blob. */
  async #leave(cause: unknown): Promise<void> {
    if (!isFailure(cause, 'digest_mismatch', 'size_mismatch', 'depot_corrupt')) {
      await this.#note().catch(() => {});
      return;
    }
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(CANCEL_TIMEOUT_MS)]);
    if (this.#session !== undefined) await this.#upload.client.cancelUpload(this.#session, { signal });
    await this.#notes.remove().catch(() => {});
  }

  async #note(session = this.#session): Promise<void> {
    if (session !== undefined) await this.#notes.save(session, this.#acknowledged, this.#sentUpTo);
  }
}
