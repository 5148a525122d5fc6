import type { Failure } from '../kernel/failure.ts';
import { type Digest, digestAlgorithm } from './digest.ts';
import type { OpenHash } from './stream-hash.ts';

/**
 * The pieces of a whole blob, of which the last is held back until all of them are known to be the digest's: nobody is
 * given a wrong blob to its end. `onWrong` says what is thrown in the place of that piece.
 */
export async function* verifiedPieces(
  pieces: AsyncIterable<Uint8Array>,
  blob: { readonly digest: Digest; readonly sizeBytes: number },
  openHash: OpenHash,
  onWrong: (actual: Digest) => Failure,
): AsyncGenerator<Uint8Array> {
  const hash = openHash(digestAlgorithm(blob.digest), blob.sizeBytes);
  let held: Uint8Array | undefined;
  try {
    for await (const piece of pieces) {
      const hashing = hash.update(piece);
      hashing?.catch(() => {});
      // Whoever takes the piece before goes on while this one is hashed.
      if (held !== undefined) yield held;
      held = piece;
      if (hashing !== undefined) await hashing;
    }
    const actual = await hash.finish();
    if (actual !== blob.digest) throw onWrong(actual);
  } finally {
    hash.drop();
  }
  if (held !== undefined) yield held;
}
