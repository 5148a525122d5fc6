import type { BlockCodes } from '../oci/block-codes.ts';
import type { Digest } from '../oci/digest.ts';

/** 32 bytes of codes stand for 1 MiB: enough for 256 GiB of blobs. */
const MAX_BYTES = 8 * 1024 * 1024;

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
    if (codes.codes.byteLength > this.#maxBytes) return;
    this.#known.set(digest, codes);
    this.#bytes += codes.codes.byteLength;
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#letGo(oldest);
    }
  }

  #letGo(digest: Digest): void {
    this.#bytes -= this.#known.get(digest)?.codes.byteLength ?? 0;
    this.#known.delete(digest);
  }
}
