import { open } from 'node:fs/promises';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { BlobIndex } from './blob-index.ts';
import type { DepotPaths } from './depot-paths.ts';

/** Enough to tell most blobs apart. Whether two are the same is seen by all of their bytes. */
export const BEGINNING_BYTES = 64 * 1024;

/**
 * How the depot's larger blobs begin, so that it can be guessed what a client is sending before it says so. Learned when
 * it is first asked for, and from then on of what is new.
 */
export class Beginnings {
  readonly #paths: DepotPaths;
  readonly #index: BlobIndex;
  readonly #known = new Map<Digest, Digest>();
  #learning: Promise<void> | undefined;

  constructor(paths: DepotPaths, index: BlobIndex) {
    this.#paths = paths;
    this.#index = index;
  }

  /** Blobs that begin so, the one used last first. */
  async find(beginning: Uint8Array): Promise<readonly Digest[]> {
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined;
    });
    await this.#learning;
    const wanted = digestOf(beginning);
    return [...this.#index.stored()]
      .filter(({ digest }) => this.#known.get(digest) === wanted)
      .sort((a, b) => b.usedAt - a.usedAt)
      .map(({ digest }) => digest);
  }

  async #learn(): Promise<void> {
    for (const digest of this.#known.keys()) if (!this.#index.has(digest)) this.#known.delete(digest);
    const buffer = Buffer.allocUnsafeSlow(BEGINNING_BYTES);
    for (const { digest, sizeBytes } of [...this.#index.stored()]) {
      if (sizeBytes <= BEGINNING_BYTES || this.#known.has(digest)) continue;
      const bytes = await readInto(buffer, this.#paths.blob(digest));
      if (bytes !== undefined) this.#known.set(digest, digestOf(bytes));
    }
  }
}

/** The first bytes of a file; undefined where it is gone. */
async function readInto(buffer: Buffer, path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, 0);
    return bytesRead === buffer.byteLength ? buffer : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
