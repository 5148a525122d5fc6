import { Failure, isFailure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RegistryClient, UploadSession } from '../../registry/registry-client.ts';
import type { UploadJournal } from '../push/push-store.ts';
import type { BlobReader } from './blob-depot.ts';
import { type Pause, pauseBefore } from './pause-before.ts';
import { decideResume, findNamedOffset } from './resume-decision.ts';

/** How often in a row a step may fail without the registry acknowledging a further byte. */
const MAX_FRUITLESS_ATTEMPTS = 5;

/** The journal is written at most this often per blob: a registry that lost less than this much of its own is asked anyway. */
const JOURNAL_EVERY_MS = 250;

export type BlobUpload = {
  readonly registry: string;
  readonly client: RegistryClient;
  readonly repository: RepositoryName;
  readonly blob: Descriptor;
  readonly reader: BlobReader;
  readonly journal: UploadJournal;
  readonly chunkBytes: number;
  readonly pause: Pause;
  readonly nowMs: () => number;
  /** Bytes handed to the connection; `again` of them had been before. */
  readonly onSent: (bytes: number, again: number) => void;
  /** The session was lost and the blob begins anew. */
  readonly onRestarted: () => void;
};

/** A session that has been opened already, by the request that asked for a mount and got a session instead. */
export type OpenedSession = UploadSession | undefined;

/**
 * Uploads one blob in chunks, the last of which travels with the closing PUT, so that an interruption costs at most
 * one chunk; a blob of one chunk is one PUT. Goes on by itself after failures that may pass, and after a restart where
 * the journal says an upload stood. Throws when the registry makes no progress over several attempts.
 */
export async function uploadBlob(upload: BlobUpload, opened: OpenedSession, signal: AbortSignal): Promise<void> {
  await new Upload(upload, signal).run(opened);
}

class Upload {
  readonly #upload: BlobUpload;
  readonly #signal: AbortSignal;
  #session: UploadSession | undefined;
  #acknowledged = 0;
  #sentUpTo = 0;
  #journalledAtMs = Number.NEGATIVE_INFINITY;
  #readFailure: unknown;

  constructor(upload: BlobUpload, signal: AbortSignal) {
    this.#upload = upload;
    this.#signal = signal;
  }

  async run(opened: OpenedSession): Promise<void> {
    const { blob, journal, registry, repository } = this.#upload;
    this.#session = opened;
    let failure: Failure | undefined;
    for (let fruitless = 0, isDone = false; !isDone; ) {
      const before = this.#acknowledged;
      try {
        if (failure === undefined) await this.#takeUp();
        else isDone = await this.#recover(failure);
        failure = undefined;
        while (!isDone) {
          this.#session ??= await this.#startSession();
          isDone = await this.#sendNext(this.#session);
          fruitless = 0;
        }
      } catch (error) {
        this.#signal.throwIfAborted();
        const cause = this.#readFailure ?? error;
        this.#readFailure = undefined;
        fruitless = this.#acknowledged > before ? 1 : fruitless + 1;
        if (!isFailure(cause) || fruitless >= MAX_FRUITLESS_ATTEMPTS || !mayGoOn(cause)) {
          await this.#note();
          throw cause;
        }
        failure ??= cause;
        await this.#upload.pause(pauseBefore(fruitless, cause.details.retryAfterMs), this.#signal);
      }
    }
    await journal.remove(registry, repository, blob.digest);
  }

  /** Goes on with the session of an earlier attempt, where the journal has one that the registry still knows. */
  async #takeUp(): Promise<void> {
    const { journal, registry, repository, blob } = this.#upload;
    const entry = this.#session === undefined ? await journal.find(registry, repository, blob.digest) : undefined;
    if (entry === undefined) return;
    this.#session = { location: entry.location, minChunkBytes: 0 };
    this.#acknowledged = entry.offset;
    this.#sentUpTo = Math.max(entry.sentUpTo, entry.offset);
    await this.#askSession();
  }

  async #startSession(): Promise<UploadSession> {
    const { client, repository, blob } = this.#upload;
    const algorithm = digestAlgorithm(blob.digest);
    const answer = await client.startUpload(repository, {
      signal: this.#signal,
      ...(algorithm === 'sha256' ? {} : { algorithm }),
    });
    if (answer.kind === 'mounted')
      throw new Failure('remote_unexpected', 'an upload session was asked for, a mount was answered');
    this.#acknowledged = 0;
    return answer.session;
  }

  /** Sends one chunk; true when it was the last and the registry has the blob. */
  async #sendNext(session: UploadSession): Promise<boolean> {
    const { client, blob } = this.#upload;
    const offset = this.#acknowledged;
    const chunkBytes = Math.max(this.#upload.chunkBytes, session.minChunkBytes);
    const isLast = blob.size - offset <= chunkBytes;
    const end = isLast ? blob.size : offset + chunkBytes;
    const body = this.#body(offset, end, session);
    if (isLast) {
      await client.finishUpload(
        session,
        blob.digest,
        { offset, sizeBytes: end - offset, body },
        { signal: this.#signal },
      );
      return true;
    }
    const progress = await client.sendChunk(
      session,
      { offset, sizeBytes: end - offset, body },
      { signal: this.#signal },
    );
    this.#session = progress.session;
    this.#acknowledged = end;
    if (this.#isJournalDue()) await this.#note();
    return false;
  }

  async *#body(offset: number, end: number, session: UploadSession): AsyncGenerator<Uint8Array> {
    let position = offset;
    try {
      for await (const piece of this.#upload.reader.read({ offset, end }, this.#signal)) {
        const again = Math.max(0, Math.min(this.#sentUpTo - position, piece.byteLength));
        position += piece.byteLength;
        this.#sentUpTo = Math.max(this.#sentUpTo, position);
        this.#upload.onSent(piece.byteLength, again);
        if (this.#isJournalDue()) await this.#note(session);
        yield piece;
      }
    } catch (error) {
      // The reader's failure is the true one; the connection's, which follows from it, is not.
      this.#readFailure = error;
      throw error;
    }
  }

  /** Finds out where things stand after a failure; true when the registry turns out to have the blob already. */
  async #recover(failure: Failure): Promise<boolean> {
    const { client, repository, blob, onRestarted } = this.#upload;
    if (isFailure(failure, 'range_refused')) {
      const named = findNamedOffset(failure, this.#acknowledged);
      if (named !== undefined && named <= this.#sentUpTo) {
        this.#acknowledged = named;
        return false;
      }
    }
    // The answer to a closing PUT may have been lost on its way: then the blob is there.
    if (
      this.#sentUpTo >= blob.size &&
      (await client.headBlob(repository, blob.digest, { signal: this.#signal })) !== undefined
    )
      return true;
    if (this.#session === undefined) return false;
    if (isFailure(failure, 'upload_session_lost')) {
      this.#forgetSession();
      onRestarted();
      return false;
    }
    await this.#askSession();
    return false;
  }

  async #askSession(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const known = await this.#upload.client.getUpload(session, { signal: this.#signal });
    const answer =
      known === undefined ? ({ kind: 'unknown' } as const) : ({ kind: 'known', offset: known.offset } as const);
    const decision = decideResume({ acknowledgedBytes: this.#acknowledged, blobBytes: this.#upload.blob.size }, answer);
    if (decision.act === 'start-over') {
      if (this.#sentUpTo > 0) this.#upload.onRestarted();
      this.#forgetSession();
      return;
    }
    this.#session = known?.session ?? session;
    this.#acknowledged = decision.offset;
  }

  #forgetSession(): void {
    this.#session = undefined;
    this.#acknowledged = 0;
    this.#journalledAtMs = Number.NEGATIVE_INFINITY;
  }

  /** A blob of one chunk is not worth a note: what an interruption costs is what it costs anyway. */
  #isJournalDue(): boolean {
    return (
      this.#upload.blob.size > this.#upload.chunkBytes && performance.now() - this.#journalledAtMs >= JOURNAL_EVERY_MS
    );
  }

  async #note(session = this.#session): Promise<void> {
    if (session === undefined || this.#sentUpTo === 0) return;
    const { journal, registry, repository, blob, nowMs } = this.#upload;
    this.#journalledAtMs = performance.now();
    await journal.save({
      registry,
      repository,
      digest: blob.digest,
      location: session.location,
      offset: this.#acknowledged,
      sentUpTo: this.#sentUpTo,
      updatedAt: nowMs(),
    });
  }
}

/** Is there a point in asking the same registry again for this blob? Failures of the other side are not ours to repeat. */
function mayGoOn(failure: Failure): boolean {
  if (failure.details.side === 'source' || failure.details.side === 'here') return false;
  return failure.mayRetry;
}
