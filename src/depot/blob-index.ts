import { rm, statSync } from 'node:fs';
import { readdir, rm as remove, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest } from '../oci/digest.ts';
import { type DepotPaths, findPartDigest } from './depot-paths.ts';
import type { StoredBlob } from './eviction.ts';

/** How stale a blob's time of last use may be on disk. */
const TOUCH_EVERY_MS = 60 * 60 * 1_000;

/** Which blobs are whole in the depot, kept in memory: their sizes, and when they were last used. */
export class BlobIndex {
  readonly #paths: DepotPaths;
  readonly #blobs = new Map<Digest, { sizeBytes: number; usedAt: number; touchedAt: number }>();
  #usedBytes = 0;

  constructor(paths: DepotPaths) {
    this.#paths = paths;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get count(): number {
    return this.#blobs.size;
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
            this.add(digest, size, mtimeMs);
          }),
        );
      }
    }
    for (const name of await readdir(this.#paths.landing)) {
      const digest = findPartDigest(name);
      if (digest === undefined || this.#blobs.has(digest))
        await remove(join(this.#paths.landing, name), { force: true });
    }
  }

  /** Looks at the file too, so that one which was taken away or cut behind our back is forgotten and lands again. */
  find(digest: Digest): { sizeBytes: number } | undefined {
    const known = this.#blobs.get(digest);
    if (known === undefined) return undefined;
    if (statSync(this.#paths.blob(digest), { throwIfNoEntry: false })?.size === known.sizeBytes) {
      return { sizeBytes: known.sizeBytes };
    }
    this.forget(digest);
    return undefined;
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  add(digest: Digest, sizeBytes: number, usedAt: number): void {
    this.forget(digest);
    this.#blobs.set(digest, { sizeBytes, usedAt, touchedAt: usedAt });
    this.#usedBytes += sizeBytes;
  }

  forget(digest: Digest): void {
    this.#usedBytes -= this.#blobs.get(digest)?.sizeBytes ?? 0;
    this.#blobs.delete(digest);
  }

  /** Drops a blob whose bytes turned out to be others, so that it lands anew. */
  discard(digest: Digest): void {
    this.forget(digest);
    rm(this.#paths.blob(digest), { force: true }, () => {});
  }

  touch(digest: Digest): void {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return;
    blob.usedAt = Date.now();
    if (Math.abs(blob.usedAt - blob.touchedAt) < TOUCH_EVERY_MS) return;
    blob.touchedAt = blob.usedAt;
    const now = new Date();
    utimes(this.#paths.blob(digest), now, now).catch(() => {});
  }

  *stored(): Generator<StoredBlob> {
    for (const [digest, { sizeBytes, usedAt }] of this.#blobs) yield { digest, sizeBytes, usedAt };
  }
}
