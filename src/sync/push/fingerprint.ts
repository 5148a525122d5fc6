import { createHash } from 'node:crypto';

/** Bytes on their way to somebody else, and what tells them apart from all others once they have passed. */
export type Fingerprinted = {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** SHA-256 in hexadecimal of what has passed so far. */
  readonly hash: () => string;
};

/** `bytes` must be iterated once, and to its end for the hash to be that of the whole. */
export function fingerprint(source: AsyncIterable<Uint8Array>): Fingerprinted {
  const hash = createHash('sha256');
  async function* pass() {
    for await (const piece of source) {
      hash.update(piece);
      yield piece;
    }
  }
  return { bytes: pass(), hash: () => hash.copy().digest('hex') };
}
