import { randomBytes } from 'node:crypto';
import { type Digest, DigestHasher } from '../../oci/digest.ts';

const PIECE_BYTES = 64 * 1024;

/** Bytes that nobody has and nothing compresses, made as they are sent: a payload never lies in memory as a whole. */
export class RandomPayload {
  readonly #hasher = new DigestHasher('sha256');
  /** Bytes handed on so far. */
  sentBytes = 0;

  /** The next `sizeBytes` of it, once. */
  async *take(sizeBytes: number): AsyncIterable<Uint8Array> {
    for (let left = sizeBytes; left > 0; ) {
      const piece = randomBytes(Math.min(PIECE_BYTES, left));
      this.#hasher.update(piece);
      left -= piece.byteLength;
      this.sentBytes += piece.byteLength;
      yield piece;
    }
  }

  /** The digest of all that was taken; nothing can be taken afterwards. */
  digest(): Digest {
    return this.#hasher.finish();
  }
}
