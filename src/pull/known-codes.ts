import type { BlockCodes } from '../oci/block-codes.ts';
import type { Digest } from '../oci/digest.ts';

/** 64 bytes of codes stand for 1 MiB: enough for 128 GiB of blobs. */
const MAX_BYTES = 8 * 1024 * 1024;

/** The codes of the blobs that were hashed or read last; those of one that nobody reads any more go first. */
export class KnownCodes {
  readonly #maxBytes: number;
  readonly #known = new Map<Digest, BlockCodes>();
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  find(digest: Digest): BlockCodes | undefined {
    const found = this.#known.get(digest);
    if (found === undefined) return undefined;
    this.#known.delete(digest);
    this.#known.set(digest, found);
    return found;
  }

  /** Only for codes of bytes that were hashed and had this digest. */
  keep(digest: Digest, codes: BlockCodes): void {
    if (this.#known.has(digest) || codes.codes.byteLength > this.#maxBytes) return;
    this.#known.set(digest, codes);
    this.#bytes += codes.codes.byteLength;
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.forget(oldest);
    }
  }

  forget(digest: Digest): void {
    this.#bytes -= this.#known.get(digest)?.codes.byteLength ?? 0;
    this.#known.delete(digest);
  }
}
