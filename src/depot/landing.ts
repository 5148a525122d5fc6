import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { Failure, toFailure } from '../kernel/failure.ts';
import { type Digest, digestAlgorithm } from '../oci/digest.ts';
import type { StreamHash } from '../oci/stream-hash.ts';
import type { BlobReader, DepotBlob, OpenBlob } from '../sync/copy/blob-depot.ts';
import { BlobFileReader } from './blob-file-reader.ts';
import { diskFailure } from './disk-failure.ts';
import type { GrowingBlob, ReaderPosition } from './growing-blob.ts';
import type { HashThread } from './hash-thread.ts';
import { LandingAside } from './landing-aside.ts';
import { LandingWindow } from './landing-window.ts';
import { PartWriter } from './part-writer.ts';
import { readFileRange } from './read-file-range.ts';
import { Signpost } from './signpost.ts';

/** Bytes of a landing that stay in memory for legs that keep up. */
const WINDOW_BYTES = 2 * 1024 * 1024;

/**
 * A landing waits for a leg only as long as that leg takes this much, bytes per second, after a start of
 * `PATIENCE_MS`. One that holds up others must be on a fast path, far above what a border link gives one connection;
 * one that nobody else is ahead of need only be faster than most such links.
 */
const WORTH_HOLDING_UP_BYTES_PER_SECOND = 32e6;
const WORTH_WAITING_BYTES_PER_SECOND = 12e6;
const PATIENCE_MS = 250;

export type LandingOptions = {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Where it is while it lands, and where once it has. */
  readonly partPath: string;
  readonly notePath: string;
  readonly blobPath: string;
  readonly open: OpenBlob;
  /** Makes the whole, verified file durable and visible under its final path. */
  readonly settle: (file: FileHandle) => Promise<void>;
  readonly onArrived: (bytes: number) => void;
  readonly hashThread: HashThread;
};

/** One blob on its way into the depot: written and hashed as it arrives, read by any number of legs meanwhile. */
export class Landing implements DepotBlob, GrowingBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly landed: Promise<void>;
  readonly #options: LandingOptions;
  readonly #abort = new AbortController();
  readonly #changed = new Signpost();
  readonly #readers = new Set<ReaderPosition>();
  #window = new LandingWindow(0, WINDOW_BYTES);
  #writer: PartWriter | undefined;
  #aside: LandingAside | undefined;
  #hasher: StreamHash;
  #isVerified = false;
  #failure: Failure | undefined;

  constructor(options: LandingOptions) {
    this.digest = options.digest;
    this.sizeBytes = options.sizeBytes;
    this.#options = options;
    this.#hasher = this.#openHash();
    this.landed = this.#run();
    this.landed.catch(() => {});
  }

  get arrivedBytes(): number {
    return this.#window.end;
  }

  get writtenBytes(): number {
    return this.#writer?.writtenBytes ?? 0;
  }

  openReader(): BlobReader {
    const reader = new BlobFileReader(this, () => {
      if (!reader.keepsUp) this.#readers.delete(reader);
      this.#changed.tell();
    });
    this.#readers.add(reader);
    return reader;
  }

  /** Stops the landing; the bytes on disk stay for the next one. */
  abort(): void {
    this.#abort.abort(
      new Failure('cancelled', `landing ${this.digest} was given up`, { side: 'here', step: 'landing' }),
    );
  }

  recentBytes(offset: number, end: number): Uint8Array | undefined {
    return this.#window.at(offset, end);
  }

  async waitBeyond(offset: number, stage: 'arrived' | 'written', signal: AbortSignal): Promise<void> {
    const has = () => (stage === 'arrived' ? this.arrivedBytes : this.writtenBytes) > offset;
    while (!has()) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#changed.wait(signal);
    }
  }

  async waitVerified(signal: AbortSignal): Promise<void> {
    while (!this.#isVerified) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#changed.wait(signal);
    }
  }

  async openFile(): Promise<FileHandle> {
    const { partPath, blobPath } = this.#options;
    for (const path of [partPath, blobPath]) {
      try {
        return await open(path, 'r');
      } catch (error) {
        // It gets its final name the moment it is whole, perhaps just now.
        if (path === blobPath || !(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
          throw diskFailure(`opening ${this.digest} in the depot`, error);
        }
      }
    }
    throw new Failure('internal', `${this.digest} has no path in the depot`);
  }

  async #run(): Promise<void> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#options.partPath, constants.O_RDWR | constants.O_CREAT, 0o600);
      const resumedAt = await this.#takeUp(file);
      await this.#receive(file, resumedAt);
      await this.#options.settle(file);
      await this.#aside?.forget();
    } catch (error) {
      // What has arrived is worth keeping: the next landing goes on behind it.
      await this.#writer?.flush().catch(() => {});
      await this.#aside?.leave().catch(() => {});
      this.#failure = toFailure(this.#abort.signal.aborted ? this.#abort.signal.reason : diskOr(error, this.digest));
      this.#changed.tell();
      throw this.#failure;
    } finally {
      this.#hasher.drop();
      await file?.close().catch(() => {});
    }
  }

  /** Hashes what an earlier landing left on the disk; returns where to go on. */
  async #takeUp(file: FileHandle): Promise<number> {
    const aside = await LandingAside.open({
      file,
      notePath: this.#options.notePath,
      sizeBytes: this.sizeBytes,
      writtenBytes: () => this.writtenBytes,
      onArrived: this.#options.onArrived,
    });
    const kept = aside.frontBytes;
    this.#aside = aside;
    for await (const piece of readFileRange(file, 0, kept, this.#abort.signal)) await this.#hasher.update(piece);
    this.#window = new LandingWindow(kept, WINDOW_BYTES);
    this.#writer = new PartWriter(file, kept, () => {
      aside.noteWhenDue();
      this.#changed.tell();
    });
    this.#options.onArrived(kept + aside.kept.reduce((sum, { offset, end }) => sum + end - offset, 0));
    this.#changed.tell();
    return kept;
  }

  async #receive(file: FileHandle, resumedAt: number): Promise<void> {
    const writer = this.#writer;
    const aside = this.#aside;
    if (writer === undefined || aside === undefined)
      throw new Failure('internal', 'a landing received before it was taken up');
    if (resumedAt < this.sizeBytes) {
      const { startsAt, body } = await this.#options.open(resumedAt, this.#abort.signal, aside);
      let skipBytes = resumedAt - startsAt;
      for await (const received of body) {
        this.#abort.signal.throwIfAborted();
        const piece = skipBytes === 0 ? received : received.subarray(Math.min(skipBytes, received.byteLength));
        skipBytes -= received.byteLength - piece.byteLength;
        if (piece.byteLength === 0) continue;
        if (this.#window.end + piece.byteLength > this.sizeBytes) throw this.#wrongSize('has more');
        const hashing = this.#hasher.update(piece);
        this.#window.push(piece);
        const isThere = aside.gave(piece);
        const pressure = isThere ? writer.skip(piece.byteLength) : writer.write(piece);
        if (!isThere) this.#options.onArrived(piece.byteLength);
        this.#changed.tell();
        if (pressure !== undefined) await pressure;
        if (hashing !== undefined) await hashing;
        if (this.#window.isFull) await this.#makeRoom(writer);
      }
      if (this.#window.end < this.sizeBytes) throw this.#wrongSize(`ended after ${this.#window.end}`);
    }
    const actual = await this.#hasher.finish();
    if (actual !== this.digest) {
      await writer.flush().catch(() => {});
      await file.truncate(0);
      await aside.forget();
      const from = resumedAt > 0 ? ` (of which ${resumedAt} bytes were taken up from an earlier landing)` : '';
      throw new Failure('digest_mismatch', `reading blob ${this.digest} gave bytes of ${actual}${from}`, {
        side: 'source',
        step: 'blob read',
      });
    }
    this.#isVerified = true;
    this.#changed.tell();
    await writer.flush();
  }

  /** Lets old pieces go once they are written and read by those worth waiting for. */
  async #makeRoom(writer: PartWriter): Promise<void> {
    for (;;) {
      let keepFrom = writer.writtenBytes;
      for (const reader of this.#readers) keepFrom = Math.min(keepFrom, reader.position);
      this.#window.trim(keepFrom);
      if (!this.#window.isFull) return;
      if (keepFrom === writer.writtenBytes) {
        await writer.flush();
        continue;
      }
      this.#giveUpOn(keepFrom);
      await this.#changed.waitAtMost(20, this.#abort.signal);
    }
  }

  /** No longer waits for those who are at `keepFrom`, if they are too slow for that. */
  #giveUpOn(keepFrom: number): void {
    const holdsUpOthers = [...this.#readers].some((reader) => reader.position > keepFrom);
    const worthWaiting = holdsUpOthers ? WORTH_HOLDING_UP_BYTES_PER_SECOND : WORTH_WAITING_BYTES_PER_SECOND;
    const nowMs = performance.now();
    for (const reader of this.#readers) {
      const dueMs = reader.openedAtMs + PATIENCE_MS + (reader.position / worthWaiting) * 1_000;
      if (reader.position === keepFrom && nowMs > dueMs) this.#readers.delete(reader);
    }
  }

  #openHash(): StreamHash {
    return this.#options.hashThread.open(digestAlgorithm(this.digest), this.sizeBytes);
  }

  #wrongSize(what: string): Failure {
    return new Failure(
      'size_mismatch',
      `reading blob ${this.digest}: it should have ${this.sizeBytes} bytes, the source ${what}`,
      {
        side: 'source',
        step: 'blob read',
      },
    );
  }
}

function diskOr(error: unknown, digest: Digest): unknown {
  const isSystem = error instanceof Error && 'syscall' in error;
  return isSystem ? diskFailure(`landing ${digest}`, error) : error;
}
