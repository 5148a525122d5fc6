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
import { type FolderFiles, findFile, findNames, findStat, hasCode, toStorageFailure } from './folder-files.ts';
import type { FolderPaths } from './folder-paths.ts';
import { findOldSessions } from './old-sessions.ts';
import { UploadHash } from './upload-hash.ts';
import type { AppendOutcome, VerifyOutcome } from './upload-outcome.ts';
import { ClaimedRoom, type UploadRoom } from './upload-room.ts';
import { nobodyWatches, type UploadWatch } from './upload-watch.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A session as memory knows it. Its file is the truth: what memory forgot is read from there. */
type Session = {
  readonly repository: RepositoryName;
  algorithm: DigestAlgorithm;
  sizeBytes: number;
  readonly hash: UploadHash;
  /** What the disk is at work on; rejected where it did not take what was written. */
  synced: Promise<unknown>;
  /** The request that is at work on the session now. */
  holder: { abort(): void; done: Promise<void> } | undefined;
};

const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Sessions kept in memory at most; a session that is pushed out costs one reading of its bytes when it goes on. */
const MAX_REMEMBERED = 2_000;
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
  readonly #openHash: OpenHash;
  readonly #earlySync: Pick<EarlySync, 'watch'> | undefined;
  readonly #waiting = new WaitingRoom();
  readonly #remembered = new Map<string, Session>();
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
    this.#openHash = options.openHash;
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
    this.#remember(id, this.#sessionOf(id, { repository, algorithm, sizeBytes: 0 }));
    return id;
  }

  async find(repository: RepositoryName, id: string): Promise<{ sizeBytes: number } | undefined> {
    const session = await this.#find(repository, id);
    return session === undefined ? undefined : { sizeBytes: session.sizeBytes };
  }

  async append(
    repository: RepositoryName,
    id: string,
    chunk: { body: Readable; offset?: number; algorithm?: DigestAlgorithm },
  ): Promise<AppendOutcome> {
    const session = await this.#find(repository, id);
    if (session === undefined) return { kind: 'unknown' };
    return this.#hold(session, async (signal) => {
      if (!this.#remembered.has(id)) return { kind: 'unknown' };
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
    const session = await this.#find(repository, id);
    if (session === undefined) return { kind: 'unknown' };
    return this.#hold(session, async () => {
      if (!this.#remembered.has(id)) return { kind: 'unknown' };
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
    const session = await this.#find(repository, id);
    if (session === undefined) return false;
    return this.#hold(session, async () => {
      if (!this.#remembered.has(id)) return false;
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
    const isAtWork = (id: string) => this.#remembered.get(id)?.holder !== undefined;
    for await (const id of findOldSessions(this.#paths, { keepMs, nowMs, isAtWork })) {
      await this.#forget(id);
      forgotten += 1;
    }
    return forgotten;
  }

  /** Ends what is at work on any session, and waits until its bytes are in the file. */
  async close(): Promise<void> {
    const sessions = [...this.#remembered.values()];
    const holders = sessions.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
    for (const holder of holders) holder.abort();
    await Promise.all(holders.map((holder) => holder.done));
    await Promise.allSettled(sessions.map(({ synced }) => synced));
  }

  /** One request at a time has a session, and the newest has precedence: the one before is ended and waited for. */
  async #hold<T>(session: Session, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
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

  async #appendBody(id: string, session: Session, body: Readable, signal: AbortSignal): Promise<Failure | undefined> {
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
  async #requireSynced(id: string, session: Session): Promise<void> {
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

  #sessionOf(id: string, facts: Pick<Session, 'repository' | 'algorithm' | 'sizeBytes'>): Session {
    const hash = new UploadHash(this.#paths.uploadData(id), this.#openHash);
    return { ...facts, hash, synced: Promise.resolve(), holder: undefined };
  }

  async #find(repository: RepositoryName, id: string): Promise<Session | undefined> {
    if (!SESSION_ID.test(id)) return undefined;
    const session = this.#remembered.get(id) ?? (await this.#recall(id));
    return session?.repository === repository ? session : undefined;
  }

  async #recall(id: string): Promise<Session | undefined> {
    const facts = await findFile(this.#paths.uploadFacts(id));
    const data = await findStat(this.#paths.uploadData(id));
    // Two requests may have come here at once: both must get the same session.
    const known = this.#remembered.get(id);
    if (known !== undefined || facts === undefined || data === undefined) return known;
    const { repository, algorithm } = JSON.parse(facts.toString()) as Pick<Session, 'repository' | 'algorithm'>;
    const session = this.#sessionOf(id, { repository, algorithm, sizeBytes: data.sizeBytes });
    this.#remember(id, session);
    return session;
  }

  #remember(id: string, session: Session): void {
    this.#remembered.set(id, session);
    for (const [oldId, old] of this.#remembered) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      if (old.holder !== undefined || old === session) continue;
      old.hash.drop();
      this.#remembered.delete(oldId);
    }
  }

  async #forget(id: string): Promise<void> {
    this.#remembered.get(id)?.hash.drop();
    this.#remembered.delete(id);
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
