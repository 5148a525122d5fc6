import { type FileHandle, open } from 'node:fs/promises';
import { isFailure } from '../kernel/failure.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobReader, DepotBlob } from '../sync/copy/blob-depot.ts';
import { BlobFileReader } from './blob-file-reader.ts';
import { diskFailure } from './disk-failure.ts';
import type { GrowingBlob } from './growing-blob.ts';

export type WholeBlobHooks = {
  readonly onUse: (isReading: boolean) => void;
  /** The bytes on disk are not those of the digest any more. */
  readonly onCorrupt: () => void;
};

/** A blob that has landed: all of it is on disk, none of it in memory. */
export class WholeBlob implements DepotBlob, GrowingBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly arrivedBytes: number;
  readonly writtenBytes: number;
  readonly landed = Promise.resolve();
  readonly #path: string;
  readonly #hooks: WholeBlobHooks;

  constructor(digest: Digest, sizeBytes: number, path: string, hooks: WholeBlobHooks) {
    this.digest = digest;
    this.sizeBytes = sizeBytes;
    this.arrivedBytes = sizeBytes;
    this.writtenBytes = sizeBytes;
    this.#path = path;
    this.#hooks = hooks;
  }

  openReader(): BlobReader {
    const reader = new BlobFileReader(this);
    let isOpen = true;
    this.#hooks.onUse(true);
    return {
      read: (range, signal) => this.#watched(reader.read(range, signal)),
      close: () => {
        if (isOpen) this.#hooks.onUse(false);
        isOpen = false;
        reader.close();
      },
    };
  }

  async *#watched(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
    } catch (error) {
      if (isFailure(error, 'depot_corrupt')) this.#hooks.onCorrupt();
      throw error;
    }
  }

  recentBytes(): undefined {
    return undefined;
  }

  async waitBeyond(): Promise<void> {}

  async waitVerified(): Promise<void> {}

  async openFile(): Promise<FileHandle> {
    try {
      return await open(this.#path, 'r');
    } catch (error) {
      throw diskFailure(`opening ${this.digest} in the depot`, error);
    }
  }
}
