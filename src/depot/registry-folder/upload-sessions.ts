import { randomUUID } from 'node:crypto';
import { open, truncate, unlink } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Failure } from '../../kernel/failure.ts';
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import { appendStream } from './append-stream.ts';
import type { EarlySync } from './early-sync.ts';
import { type FolderFiles, findNames, findStat, hasCode, toStorageFailure } from './folder-files.ts';
import type { FolderPaths } from './folder-paths.ts';
import { findOldSessions } from './old-sessions.ts';
import { SessionMemory } from './session-memory.ts';
import type { AppendOutcome, VerifyOutcome } from './upload-outcome.ts';
import { ClaimedRoom, type UploadRoom } from './upload-room.ts';
import { holdSession, type UploadSession } from './upload-session.ts';
import { nobodyWatches, type UploadWatch } from './upload-watch.ts';
import { WaitingRoom } from './waiting-room.ts';

const SWEEP_EVERY_MS = 3_600_000;
const DATA = '.data';

/**
 * Upload sessions, each a file that grows. They outlive the process: how far a session got is the size of its file,
 * and its hash is made again from there.
 */
export class UploadSessions {
  readonly #paths: FolderPaths;
  readonly #files: FolderFiles;
  readonly #keepMs: number | null;
  readonly #room: ClaimedRoom;
  readonly #watch: UploadWatch;
  readonly #earlySync: Pick<EarlySync, 'watch'> | undefined;
  readonly #waiting = new WaitingRoom();
  readonly #memory: SessionMemory;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    paths: FolderPaths,
    files: FolderFiles,
    options: {
      /** Null: somebody else says when what is old goes. */
      keepMs: number | null;
      room: UploadRoom;
      openHash: OpenHash;
      watch?: UploadWatch;
      /** Where whoever takes a finished upload syncs it. */
      earlySync?: Pick<EarlySync, 'watch'>;
    },
  ) {
    this.#paths = paths;
    this.#files = files;
    this.#keepMs = options.keepMs;
    this.#room = new ClaimedRoom(options.room);
    this.#memory = new SessionMemory(paths, options.openHash);
    this.#earlySync = options.earlySync;
    this.#watch = options.watch ?? nobodyWatches;
  }

  /** Counts what an earlier process left, once, before anything else is done. */
  async takeStock(): Promise<void> {
    for (const name of (await findNames(this.#paths.uploads)) ?? []) {
      if (!name.endsWith(DATA)) continue;
      const id = name.slice(0, -DATA.length);
      this.#room.hold(id, (await findStat(this.#paths.uploadData(id)))?.sizeBytes ?? 0);
    }
    await this.#sweep();
  }

  async start(repository: RepositoryName, algorithm: DigestAlgorithm): Promise<string> {
    if (performance.now() - this.#sweptAtMs > SWEEP_EVERY_MS) await this.#sweep();
    const id = randomUUID();
    await this.#files.write(this.#paths.uploadData(id), new Uint8Array());
    await this.#files.write(this.#paths.uploadFacts(id), Buffer.from(JSON.stringify({ repository, algorithm })));
    this.#memory.add(id, { repository, algorithm, sizeBytes: 0 });
    return id;
  }

  async find(repository: RepositoryName, id: string): Promise<{ sizeBytes: number } | undefined> {
    const session = await this.#memory.find(repository, id);
    return session === undefined ? undefined : { sizeBytes: session.sizeBytes };
  }

  async append(
    repository: RepositoryName,
    id: string,
    chunk: { body: Readable; offset?: number; algorithm?: DigestAlgorithm },
  ): Promise<AppendOutcome> {
    const session = await this.#memory.find(repository, id);
    if (session === undefined) return { kind: 'unknown' };
    return holdSession(session, async (signal) => {
      if (!this.#memory.has(id)) return { kind: 'unknown' };
      if (chunk.offset !== undefined && chunk.offset !== session.sizeBytes)
        return { kind: 'out-of-order', sizeBytes: session.sizeBytes };
      session.algorithm = chunk.algorithm ?? session.algorithm;
      await session.hash.catchUp(session.algorithm, session.sizeBytes);
      const broken = await this.#appendBody(id, session, chunk.body, signal);
      if (broken !== undefined) throw broken;
      return { kind: 'appended', sizeBytes: session.sizeBytes };
    });
  }

  /**
   * Hashes what is held and hands its file to `take` when it is what the digest says. The session is over when `take`
   * has it, and when the bytes are wrong; when `take` fails the session stays.
   */
  async finish(
    repository: RepositoryName,
    id: string,
    digest: Digest,
    take: (path: string) => Promise<void>,
  ): Promise<VerifyOutcome> {
    const session = await this.#memory.find(repository, id);
    if (session === undefined) return { kind: 'unknown' };
    return holdSession(session, async () => {
      if (!this.#memory.has(id)) return { kind: 'unknown' };
      session.algorithm = digestAlgorithm(digest);
      const [actual] = await Promise.all([
        session.hash.finish(session.algorithm, session.sizeBytes),
        this.#requireSynced(id, session),
      ]);
      const path = this.#paths.uploadData(id);
      if (actual === digest) {
        this.#watch.verified(id, { digest, size: session.sizeBytes });
        await take(path);
        this.#room.handOver(id);
      }
      await this.#forget(id);
      return actual === digest
        ? { kind: 'verified', sizeBytes: session.sizeBytes, path }
        : { kind: 'mismatch', actual };
    });
  }

  async cancel(repository: RepositoryName, id: string): Promise<boolean> {
    const session = await this.#memory.find(repository, id);
    if (session === undefined) return false;
    return holdSession(session, async () => {
      if (!this.#memory.has(id)) return false;
      await this.#forget(id);
      return true;
    });
  }

  async #sweep(): Promise<void> {
    this.#sweptAtMs = performance.now();
    if (this.#keepMs !== null) await this.forgetOld(this.#keepMs, Date.now());
  }

  /** Removes sessions to which nothing was added for so long, and says how many. */
  async forgetOld(keepMs: number, nowMs: number): Promise<number> {
    let forgotten = 0;
    const isAtWork = (id: string) => this.#memory.isAtWork(id);
    for await (const id of findOldSessions(this.#paths, { keepMs, nowMs, isAtWork })) {
      await this.#forget(id);
      forgotten += 1;
    }
    return forgotten;
  }

  /** Ends what is at work on any session, and waits until its bytes are in the file. */
  async close(): Promise<void> {
    const sessions = this.#memory.all();
    const holders = sessions.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
    for (const holder of holders) holder.abort();
    await Promise.all(holders.map((holder) => holder.done));
    await Promise.allSettled(sessions.map(({ synced }) => synced));
  }

  async #appendBody(
    id: string,
    session: UploadSession,
    body: Readable,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const { hash, repository, algorithm } = session;
    const path = this.#paths.uploadData(id);
    const file = await open(path, 'r+');
    const early = this.#earlySync?.watch(file, session.sizeBytes);
    try {
      return await appendStream(body, file, session.sizeBytes, {
        signal,
        room: this.#waiting,
        // What came over a connection is nobody else's; any other body may be read again by whoever made it.
        freesPieces: body instanceof IncomingMessage,
        beforeWrite: (bytes) => this.#room.claim(id, bytes),
        onWritten: async (chunks, sizeBytes) => {
          session.sizeBytes = sizeBytes;
          early?.wrote(sizeBytes);
          this.#watch.grown({ id, repository, algorithm, path, sizeBytes });
          await hash.update(chunks);
        },
      });
    } catch (error) {
      // Back to what was surely written.
      await file.truncate(session.sizeBytes).catch(() => {});
      this.#room.cutTo(id, session.sizeBytes);
      session.hash.drop();
      throw toStorageFailure(error, 'writing an upload');
    } finally {
      // The client need not wait for the disk before it says what it sent.
      if (early === undefined) await file.close();
      else session.synced = Promise.all([session.synced, early.close()]);
      session.synced.catch(() => {});
    }
  }

  /** Waits until the disk has what was begun; where it would not take something, all of it has to come again. */
  async #requireSynced(id: string, session: UploadSession): Promise<void> {
    try {
      await session.synced;
    } catch (error) {
      session.synced = Promise.resolve();
      session.sizeBytes = 0;
      session.hash.drop();
      await truncate(this.#paths.uploadData(id), 0).catch(() => {});
      this.#room.cutTo(id, 0);
      throw toStorageFailure(error, 'writing an upload');
    }
  }

  async #forget(id: string): Promise<void> {
    this.#memory.forget(id);
    // Without its facts a session is unknown, so they go first.
    for (const path of [this.#paths.uploadFacts(id), this.#paths.uploadData(id)]) {
      await unlink(path).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) throw error;
      });
    }
    this.#room.cutTo(id, 0);
    this.#watch.ended(id);
  }
}
