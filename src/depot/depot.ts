import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../kernel/failure.ts';
import type { PieceStream } from '../kernel/piece-stream.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, DigestHasher, digestAlgorithm, digestOf } from '../oci/digest.ts';
import type { DepotBlob, OpenBlob } from '../sync/copy/blob-depot.ts';
import { Beginnings } from './beginnings.ts';
import { BlobIndex } from './blob-index.ts';
import { BlobRanges, type DepotRange } from './blob-ranges.ts';
import { type DepotPaths, depotPaths } from './depot-paths.ts';
import type { Depot, DepotUsage } from './depot-port.ts';
import { DepotRoom } from './depot-room.ts';
import { diskFailure } from './disk-failure.ts';
import { HashThread } from './hash-thread.ts';
import { isIntact } from './is-intact.ts';
import { Landing } from './landing.ts';
import { PartWriter } from './part-writer.ts';
import type { UploadRoom } from './registry-folder/upload-room.ts';
import { RunningLandings } from './running-landings.ts';
import { WholeBlob } from './whole-blob.ts';

export type DepotOptions = {
  readonly folder: string;
  readonly limitBytes: number;
  /** Blobs that must stay: what unfinished pushes still need. Asked only when room has to be made. */
  readonly neededBlobs: () => Promise<ReadonlySet<Digest>>;
  /** Sync files and folders before a blob counts as landed. Off only to measure what it costs. */
  readonly durable?: boolean;
  /** Shared with others that hash; ended with the depot. */
  readonly hashThread?: HashThread;
};

/** How much `landStream` sets aside at a time, since it cannot know the size. */
const STREAM_RESERVE_BYTES = 64 * 1024 * 1024;

/** Opens a depot in a folder of its own: makes the folders, counts what is there. */
export async function openDepot(options: DepotOptions): Promise<Depot> {
  const paths = depotPaths(options.folder);
  try {
    for (const folder of [paths.blobs, paths.landing]) await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw diskFailure(`opening the depot in ${options.folder}`, error);
  }
  const index = new BlobIndex(paths);
  await index.scan();
  return new FolderDepot(paths, index, options);
}

class FolderDepot implements Depot {
  readonly #paths: DepotPaths;
  readonly #options: DepotOptions;
  readonly #index: BlobIndex;
  readonly room: UploadRoom;
  readonly #room: DepotRoom;
  readonly #hashThread: HashThread;
  readonly #beginnings: Beginnings;
  readonly #ranges: BlobRanges;
  readonly #landings = new RunningLandings();

  constructor(paths: DepotPaths, index: BlobIndex, options: DepotOptions) {
    const { limitBytes, neededBlobs } = options;
    this.#paths = paths;
    this.#index = index;
    this.#options = options;
    this.#hashThread = options.hashThread ?? new HashThread();
    this.#beginnings = new Beginnings(paths, index);
    this.#room = new DepotRoom({ paths, index, limitBytes, neededBlobs });
    this.#ranges = new BlobRanges({
      openHash: (algorithm, sizeBytes) => this.#hashThread.open(algorithm, sizeBytes),
      onUse: (digest, isReading) => this.#room.use(digest, isReading),
      onCorrupt: (digest) => index.discard(digest),
    });
    this.room = {
      claim: (bytes) => this.#room.reserve(bytes, undefined),
      hold: (bytes) => this.#room.hold(bytes),
      release: (bytes) => this.#room.release(bytes),
    };
  }

  find(digest: Digest): { sizeBytes: number } | undefined {
    return this.#index.find(digest);
  }

  async land(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    open: OpenBlob,
    signal: AbortSignal,
    onLanded: (bytes: number) => void = () => {},
  ): Promise<DepotBlob> {
    signal.throwIfAborted();
    const { digest, size } = descriptor;
    const whole = this.find(digest);
    if (whole?.sizeBytes === size) return this.#openWhole(digest, size);
    if (whole !== undefined && !(await this.#isForgotten(digest, whole.sizeBytes, signal))) {
      throw new Failure('size_mismatch', `blob ${digest} has ${whole.sizeBytes} bytes, its descriptor says ${size}`, {
        side: 'source',
        step: 'blob read',
      });
    }
    const running = this.#landings.join(digest, size, signal);
    if (running !== undefined) return running;
    await this.#room.reserve(size, digest);
    // Another request may have begun the same landing while room was made.
    if (this.#landings.has(digest) || this.#index.has(digest)) {
      this.#room.release(size);
      return this.land(descriptor, open, signal, onLanded);
    }
    const landing = new Landing({
      digest,
      sizeBytes: size,
      partPath: this.#paths.part(digest),
      notePath: this.#paths.note(digest),
      blobPath: this.#paths.blob(digest),
      open,
      settle: (file) => this.#settle(file, this.#paths.part(digest), digest, size),
      onArrived: onLanded,
      hashThread: this.#hashThread,
    });
    this.#landings.add(digest, landing, signal, () => this.#room.release(size));
    return landing;
  }

  async readBytes(digest: Digest, limitBytes: number): Promise<Uint8Array | undefined> {
    const known = this.find(digest);
    if (known === undefined || known.sizeBytes > limitBytes) return undefined;
    const file = await open(this.#paths.blob(digest), 'r');
    try {
      const bytes = await file.readFile();
      if (digestOf(bytes, digestAlgorithm(digest)) === digest) {
        this.#index.touch(digest);
        return bytes;
      }
    } finally {
      await file.close();
    }
    this.#index.discard(digest);
    return undefined;
  }

  async writeBytes(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (this.find(digest)?.sizeBytes === bytes.byteLength) return;
    if (digestOf(bytes, digestAlgorithm(digest)) !== digest) {
      throw new Failure('digest_mismatch', `writing ${bytes.byteLength} bytes to the depot: they are not ${digest}`, {
        side: 'here',
      });
    }
    await this.landStream([bytes], new AbortController().signal, digest);
  }

  async landStream(
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    signal: AbortSignal,
    as?: Digest,
  ): Promise<{ digest: Digest; sizeBytes: number }> {
    const path = join(this.#paths.landing, `stream-${randomUUID()}`);
    const hasher = new DigestHasher(as === undefined ? 'sha256' : digestAlgorithm(as));
    let reservedBytes = 0;
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'wx+', 0o600);
      const writer = new PartWriter(file, 0, () => {});
      let sizeBytes = 0;
      for await (const piece of body) {
        signal.throwIfAborted();
        sizeBytes += piece.byteLength;
        while (sizeBytes > reservedBytes) {
          const step = as === undefined ? STREAM_RESERVE_BYTES : sizeBytes;
          await this.#room.reserve(step, as);
          reservedBytes += step;
        }
        hasher.update(piece);
        await writer.write(piece);
      }
      await writer.flush();
      const digest = hasher.finish();
      await this.#settle(file, path, digest, sizeBytes);
      return { digest, sizeBytes };
    } catch (error) {
      await rm(path, { force: true });
      throw error instanceof Error && 'syscall' in error ? diskFailure('landing a stream', error) : error;
    } finally {
      this.#room.release(reservedBytes);
      await file?.close().catch(() => {});
    }
  }

  async takeFile(digest: Digest, path: string, named?: Promise<void>): Promise<void> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'r+');
      const { size } = await file.stat();
      // Of two contents of one digest and different sizes, the one that was not verified just now is wrong.
      if (this.find(digest)?.sizeBytes === size) this.#index.touch(digest);
      else await this.#settle(file, path, digest, size, named);
      this.#room.release(size);
    } catch (error) {
      throw error instanceof Error && 'syscall' in error
        ? diskFailure(`taking ${digest} into the depot`, error)
        : error;
    } finally {
      await file?.close().catch(() => {});
    }
  }

  findAlike(beginning: Uint8Array): Promise<readonly Digest[]> {
    return this.#beginnings.find(beginning);
  }

  async openFile(digest: Digest): Promise<FileHandle | undefined> {
    return this.find(digest) === undefined ? undefined : open(this.#paths.blob(digest), 'r').catch(() => undefined);
  }

  async openRange(digest: Digest, range: DepotRange): Promise<PieceStream | undefined> {
    const known = this.find(digest);
    if (known === undefined || range.end > known.sizeBytes) return undefined;
    return this.#ranges.open(this.#openWhole(digest, known.sizeBytes), range);
  }

  async usage(): Promise<DepotUsage> {
    const disk = await statfs(this.#paths.blobs);
    return {
      limitBytes: this.#options.limitBytes,
      usedBytes: this.#index.usedBytes,
      landingBytes: this.#room.reservedBytes,
      blobs: this.#index.count,
      landings: this.#landings.size,
      diskFreeBytes: disk.bavail * disk.bsize,
    };
  }

  async close(): Promise<void> {
    await this.#landings.close();
    await this.#hashThread.close();
  }

  /**
   * Either the descriptor is wrong or the file, which may have been cut while no service ran. A file that is wrong is
   * forgotten, so that the blob lands anew.
   */
  async #isForgotten(digest: Digest, sizeBytes: number, signal: AbortSignal): Promise<boolean> {
    if (await isIntact(this.#paths.blob(digest), digest, signal)) return false;
    // What has come in its place meanwhile stays.
    if (this.find(digest)?.sizeBytes === sizeBytes) this.#index.discard(digest);
    return true;
  }

  #openWhole(digest: Digest, sizeBytes: number): WholeBlob {
    this.#index.touch(digest);
    return new WholeBlob(digest, sizeBytes, this.#paths.blob(digest), {
      onUse: (isReading) => this.#room.use(digest, isReading),
      onCorrupt: () => this.#index.discard(digest),
    });
  }

  /** Makes a written file durable, gives it its name and counts it. */
  async #settle(
    file: FileHandle,
    from: string,
    digest: Digest,
    sizeBytes: number,
    named?: Promise<void>,
  ): Promise<void> {
    const isDurable = this.#options.durable ?? true;
    const path = this.#paths.blob(digest);
    if (isDurable) await file.datasync();
    await named;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(from, path);
    if (isDurable) await syncFolder(dirname(path));
    this.#index.add(digest, sizeBytes, Date.now());
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
