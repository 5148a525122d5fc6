import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../kernel/failure.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, DigestHasher, digestAlgorithm, digestOf, isDigest } from '../oci/digest.ts';
import type { BlobDepot, DepotBlob, OpenBlob } from '../sync/copy/blob-depot.ts';
import { type DepotPaths, depotPaths, findPartDigest } from './depot-paths.ts';
import { diskFailure } from './disk-failure.ts';
import { chooseVictims, type StoredBlob } from './eviction.ts';
import { Landing } from './landing.ts';
import { PartWriter } from './part-writer.ts';
import { WholeBlob } from './whole-blob.ts';

export type DepotUsage = {
  readonly limitBytes: number;
  /** Bytes of whole blobs. */
  readonly usedBytes: number;
  /** Bytes set aside for blobs on their way in. */
  readonly landingBytes: number;
  readonly blobs: number;
  readonly landings: number;
  /** Free bytes of the disk itself. */
  readonly diskFreeBytes: number;
};

export type DepotOptions = {
  readonly folder: string;
  readonly limitBytes: number;
  /** Blobs that must stay: what unfinished pushes still need. Asked only when room has to be made. */
  readonly neededBlobs: () => Promise<ReadonlySet<Digest>>;
  /** Sync files and folders before a blob counts as landed. Off only to measure what it costs. */
  readonly durable?: boolean;
};

export type Depot = BlobDepot & {
  usage(): Promise<DepotUsage>;
  /** A folder for files that nothing needs after a restart. */
  readonly scratchFolder: string;
  /** Ends all landings; their bytes stay on disk for the next start. */
  close(): Promise<void>;
};

/** How much `landStream` sets aside at a time, since it cannot know the size. */
const STREAM_RESERVE_BYTES = 64 * 1024 * 1024;

/** How stale a blob's time of last use may be on disk. */
const TOUCH_EVERY_MS = 60 * 60 * 1_000;

/** Opens a depot in a folder of its own: makes the folders, forgets what no restart needs, counts what is there. */
export async function openDepot(options: DepotOptions): Promise<Depot> {
  const paths = depotPaths(options.folder);
  try {
    await rm(paths.scratch, { recursive: true, force: true });
    for (const folder of [paths.blobs, paths.landing, paths.scratch])
      await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw diskFailure(`opening the depot in ${options.folder}`, error);
  }
  const depot = new FolderDepot(paths, options);
  await depot.scan();
  return depot;
}

class FolderDepot implements Depot {
  readonly scratchFolder: string;
  readonly #paths: DepotPaths;
  readonly #options: DepotOptions;
  readonly #blobs = new Map<Digest, { sizeBytes: number; usedAt: number; touchedAt: number }>();
  readonly #landings = new Map<Digest, { landing: Landing; interested: Set<AbortSignal> }>();
  /** Blobs that are being read whole, which must not be evicted under their readers' feet. */
  readonly #inUse = new Map<Digest, number>();
  #usedBytes = 0;
  #reservedBytes = 0;
  #making: Promise<unknown> = Promise.resolve();

  constructor(paths: DepotPaths, options: DepotOptions) {
    this.#paths = paths;
    this.#options = options;
    this.scratchFolder = paths.scratch;
  }

  /** Counts what an earlier process left. Parts of blobs that have landed meanwhile are dropped. */
  async scan(): Promise<void> {
    for (const algorithm of await readdir(this.#paths.blobs)) {
      for (const folder of await readdir(join(this.#paths.blobs, algorithm))) {
        const names = await readdir(join(this.#paths.blobs, algorithm, folder));
        await Promise.all(
          names.map(async (name) => {
            const digest = `${algorithm}:${name}`;
            if (!isDigest(digest)) return;
            const { size, mtimeMs } = await stat(join(this.#paths.blobs, algorithm, folder, name));
            this.#add(digest, size, mtimeMs);
          }),
        );
      }
    }
    for (const name of await readdir(this.#paths.landing)) {
      const digest = findPartDigest(name);
      if (digest === undefined || this.#blobs.has(digest)) await rm(join(this.#paths.landing, name), { force: true });
    }
  }

  find(digest: Digest): { sizeBytes: number } | undefined {
    const known = this.#blobs.get(digest);
    if (known === undefined) return undefined;
    try {
      if (statSync(this.#paths.blob(digest)).size === known.sizeBytes) return { sizeBytes: known.sizeBytes };
    } catch {
      // Taken away behind our back: forget it, it lands again.
    }
    this.#forget(digest);
    return undefined;
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
    if (whole !== undefined) {
      if (whole.sizeBytes !== size) {
        throw new Failure('size_mismatch', `blob ${digest} has ${whole.sizeBytes} bytes, its descriptor says ${size}`, {
          side: 'source',
          step: 'blob read',
        });
      }
      this.#touch(digest);
      return new WholeBlob(digest, size, this.#paths.blob(digest), {
        onUse: (isReading) => this.#use(digest, isReading),
        onCorrupt: () => this.#discard(digest),
      });
    }
    const running = this.#landings.get(digest);
    if (running !== undefined) {
      if (running.landing.sizeBytes !== size) {
        throw new Failure(
          'size_mismatch',
          `blob ${digest} is landing with ${running.landing.sizeBytes} bytes, its descriptor says ${size}`,
          { side: 'source', step: 'blob read' },
        );
      }
      this.#join(running, signal);
      return running.landing;
    }
    await this.#reserve(size, digest);
    // Another request may have begun the same landing while room was made.
    if (this.#landings.has(digest) || this.#blobs.has(digest)) {
      this.#reservedBytes -= size;
      return this.land(descriptor, open, signal, onLanded);
    }
    const landing = new Landing({
      digest,
      sizeBytes: size,
      partPath: this.#paths.part(digest),
      open,
      settle: (file) => this.#settle(file, this.#paths.part(digest), digest, size),
      onArrived: onLanded,
    });
    const entry = { landing, interested: new Set<AbortSignal>() };
    this.#landings.set(digest, entry);
    this.#join(entry, signal);
    const finish = () => {
      this.#landings.delete(digest);
      this.#reservedBytes -= size;
    };
    landing.landed.then(finish, finish);
    return landing;
  }

  async readBytes(digest: Digest, limitBytes: number): Promise<Uint8Array | undefined> {
    const known = this.find(digest);
    if (known === undefined || known.sizeBytes > limitBytes) return undefined;
    const file = await open(this.#paths.blob(digest), 'r');
    try {
      const bytes = await file.readFile();
      if (digestOf(bytes, digestAlgorithm(digest)) === digest) {
        this.#touch(digest);
        return bytes;
      }
    } finally {
      await file.close();
    }
    this.#discard(digest);
    return undefined;
  }

  async writeBytes(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (this.find(digest) !== undefined) return;
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
          await this.#reserve(step, as);
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
      this.#reservedBytes -= reservedBytes;
      await file?.close().catch(() => {});
    }
  }

  async usage(): Promise<DepotUsage> {
    const disk = await statfs(this.#paths.blobs);
    return {
      limitBytes: this.#options.limitBytes,
      usedBytes: this.#usedBytes,
      landingBytes: this.#reservedBytes,
      blobs: this.#blobs.size,
      landings: this.#landings.size,
      diskFreeBytes: disk.bavail * disk.bsize,
    };
  }

  async close(): Promise<void> {
    const landings = [...this.#landings.values()];
    for (const { landing } of landings) landing.abort();
    await Promise.allSettled(landings.map(({ landing }) => landing.landed));
  }

  /** Makes a written file durable, gives it its name and counts it. */
  async #settle(file: FileHandle, from: string, digest: Digest, sizeBytes: number): Promise<string> {
    const isDurable = this.#options.durable ?? true;
    const path = this.#paths.blob(digest);
    if (isDurable) await file.datasync();
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(from, path);
    if (isDurable) await syncFolder(dirname(path));
    this.#add(digest, sizeBytes, Date.now());
    return path;
  }

  /** Sets bytes aside, evicting what is not needed; one at a time, so that two do not count on the same room. */
  #reserve(bytes: number, what: Digest | undefined): Promise<void> {
    const made = this.#making.then(async () => {
      const wanted = this.#usedBytes + this.#reservedBytes + bytes - this.#options.limitBytes;
      if (wanted > 0) await this.#evict(wanted, bytes, what);
      this.#reservedBytes += bytes;
    });
    this.#making = made.catch(() => {});
    return made;
  }

  async #evict(wantedBytes: number, forBytes: number, what: Digest | undefined): Promise<void> {
    const needed = await this.#options.neededBlobs();
    const isNeeded = (digest: Digest) => needed.has(digest) || this.#inUse.has(digest);
    const victims = chooseVictims(this.#stored(), wantedBytes, isNeeded);
    if (victims === undefined) {
      throw new Failure(
        'depot_full',
        `landing ${what ?? 'a stream'} needs ${forBytes} bytes; the depot holds ${this.#usedBytes} of at most ${this.#options.limitBytes}, all needed by unfinished pushes (raise limits.depotBytes)`,
        { side: 'here', step: 'landing' },
      );
    }
    for (const { digest } of victims) {
      this.#forget(digest);
      await rm(this.#paths.blob(digest), { force: true });
    }
  }

  *#stored(): Generator<StoredBlob> {
    for (const [digest, { sizeBytes, usedAt }] of this.#blobs) yield { digest, sizeBytes, usedAt };
  }

  #add(digest: Digest, sizeBytes: number, usedAt: number): void {
    this.#forget(digest);
    this.#blobs.set(digest, { sizeBytes, usedAt, touchedAt: usedAt });
    this.#usedBytes += sizeBytes;
  }

  #forget(digest: Digest): void {
    this.#usedBytes -= this.#blobs.get(digest)?.sizeBytes ?? 0;
    this.#blobs.delete(digest);
  }

  /** Drops a blob whose bytes turned out to be others, so that it lands anew. */
  #discard(digest: Digest): void {
    this.#forget(digest);
    rm(this.#paths.blob(digest), { force: true }).catch(() => {});
  }

  #touch(digest: Digest): void {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return;
    blob.usedAt = Date.now();
    if (Math.abs(blob.usedAt - blob.touchedAt) < TOUCH_EVERY_MS) return;
    blob.touchedAt = blob.usedAt;
    const now = new Date();
    utimes(this.#paths.blob(digest), now, now).catch(() => {});
  }

  #use(digest: Digest, isReading: boolean): void {
    const count = (this.#inUse.get(digest) ?? 0) + (isReading ? 1 : -1);
    if (count > 0) this.#inUse.set(digest, count);
    else this.#inUse.delete(digest);
  }

  /** Counts a signal as interested in a landing; when the last one aborts, the landing stops. */
  #join(entry: { landing: Landing; interested: Set<AbortSignal> }, signal: AbortSignal): void {
    if (entry.interested.has(signal)) return;
    entry.interested.add(signal);
    const leave = () => {
      entry.interested.delete(signal);
      if (entry.interested.size === 0) entry.landing.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
    const forget = () => signal.removeEventListener('abort', leave);
    entry.landing.landed.then(forget, forget);
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
