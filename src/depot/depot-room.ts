import { rm } from 'node:fs/promises';
import { Failure } from '../kernel/failure.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobIndex } from './blob-index.ts';
import type { DepotPaths } from './depot-paths.ts';
import { chooseVictims } from './eviction.ts';

export type DepotRoomOptions = {
  readonly paths: DepotPaths;
  readonly index: BlobIndex;
  readonly limitBytes: number;
  readonly neededBlobs: () => Promise<ReadonlySet<Digest>>;
};

/** The depot's bounded room: bytes are set aside before they land, and what is not needed goes when there is none left. */
export class DepotRoom {
  readonly #options: DepotRoomOptions;
  /** Blobs that are being read whole, which are not taken from under their readers. */
  readonly #inUse = new Map<Digest, number>();
  #reservedBytes = 0;
  #making: Promise<unknown> = Promise.resolve();

  constructor(options: DepotRoomOptions) {
    this.#options = options;
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** Sets bytes aside, one caller at a time, so that two do not count on the same room. Throws `depot_full`. */
  reserve(bytes: number, what: Digest | undefined): Promise<void> {
    const made = this.#making.then(async () => {
      const { index, limitBytes } = this.#options;
      const wanted = index.usedBytes + this.#reservedBytes + bytes - limitBytes;
      if (wanted > 0) await this.#evict(wanted, bytes, what);
      this.#reservedBytes += bytes;
    });
    this.#making = made.catch(() => {});
    return made;
  }

  /** Sets bytes aside that are on the disk already, whether or not there is room for them. */
  hold(bytes: number): void {
    this.#reservedBytes += bytes;
  }

  /** Gives back what was set aside: the bytes have landed and count as used, or they never will. */
  release(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  use(digest: Digest, isReading: boolean): void {
    const count = (this.#inUse.get(digest) ?? 0) + (isReading ? 1 : -1);
    if (count > 0) this.#inUse.set(digest, count);
    else this.#inUse.delete(digest);
  }

  async #evict(wantedBytes: number, forBytes: number, what: Digest | undefined): Promise<void> {
    const { index, paths, limitBytes, neededBlobs } = this.#options;
    const needed = await neededBlobs();
    const victims = chooseVictims(
      index.stored(),
      wantedBytes,
      (digest) => needed.has(digest) || this.#inUse.has(digest),
    );
    if (victims === undefined) {
      throw new Failure(
        'depot_full',
        `landing ${what ?? 'a stream or an upload'} needs ${forBytes} bytes; the depot holds ${index.usedBytes + this.#reservedBytes} of at most ${limitBytes}, all needed by unfinished pushes or told to clients lately (raise limits.depotBytes)`,
        { side: 'here', step: 'landing' },
      );
    }
    for (const { digest } of victims) {
      index.forget(digest);
      await rm(paths.blob(digest), { force: true });
    }
  }
}
