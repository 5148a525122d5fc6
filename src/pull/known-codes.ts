import type { BlockCodes } from '../oci/block-codes.ts';
import type { Digest } from '../oci/digest.ts';

/** 32 bytes of codes stand for 1 MiB: enough for more than 100 GiB of layers of the usual size. */
const MAX_BYTES = 8 * 1024 * 1024;

/** What a blob's entry takes beside its codes: of small blobs there may be very many. */
export const ENTRY_BYTES = 512;

/** Where codes outlive the process, as far as they do: it may have lost any of them. */
export type CodeShelf = {
  find(digest: Digest): BlockCodes | undefined;
  keep(digest: Digest, codes: BlockCodes): void;
  forget(digest: Digest): void;
  close(): void;
};

export type KnownCodesOptions = {
  /** What is kept in memory. */
  readonly maxBytes?: number;
  readonly shelf?: CodeShelf;
};

/** The codes of the blobs that were hashed or read last; those of one that nobody reads any more go first. */
export class KnownCodes {
  readonly #maxBytes: number;
  readonly #shelf: CodeShelf | undefined;
  readonly #known = new Map<Digest, BlockCodes>();
  #bytes = 0;

  constructor({ maxBytes = MAX_BYTES, shelf }: KnownCodesOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#shelf = shelf;
  }

  find(digest: Digest): BlockCodes | undefined {
    const found = this.#known.get(digest) ?? this.#shelf?.find(digest);
    if (found !== undefined) this.#hold(digest, found);
    return found;
  }

  /** Only for codes of bytes that were hashed and had this digest. */
  keep(digest: Digest, codes: BlockCodes): void {
    if (this.#known.has(digest)) return;
    this.#hold(digest, codes);
    this.#shelf?.keep(digest, codes);
  }

  forget(digest: Digest): void {
    this.#letGo(digest);
    this.#shelf?.forget(digest);
  }

  close(): void {
    this.#shelf?.close();
  }

  #hold(digest: Digest, codes: BlockCodes): void {
    this.#letGo(digest);
    if (sizeOf(codes) > this.#maxBytes) return;
    this.#known.set(digest, codes);
    this.#bytes += sizeOf(codes);
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#letGo(oldest);
    }
  }

  #letGo(digest: Digest): void {
    const known = this.#known.get(digest);
    if (known === undefined) return;
    this.#bytes -= sizeOf(known);
    this.#known.delete(digest);
  }
}

/** Bytes that codes take where they are kept. */
export function sizeOf({ codes }: BlockCodes): number {
  return codes.byteLength + ENTRY_BYTES;
}
