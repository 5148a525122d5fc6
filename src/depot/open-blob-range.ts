import { Readable } from 'node:stream';
import { Failure } from '../kernel/failure.ts';
import type { OpenHash } from '../oci/stream-hash.ts';
import { verifiedPieces } from '../oci/verified-pieces.ts';
import type { WholeBlob } from './whole-blob.ts';

/** Large enough that reading and sending one costs little beside its bytes; each of many readers has a few of them. */
const PIECE_BYTES = 256 * 1024;

/** Bytes `[offset, end)` of a whole blob. */
export type DepotRange = {
  readonly offset: number;
  readonly end: number;
  /** Whoever reads hashes it and holds its last bytes back: it is not done here as well. */
  readonly isHashedByReader?: true;
};

/**
 * Part of a whole blob as a stream. Read from end to end it is hashed, and its last bytes come only if all were right;
 * hashing, reading ahead and what the reader does go on side by side. A part cannot be checked without reading the rest:
 * whoever asks for parts checks the whole.
 */
export async function openBlobRange(
  whole: WholeBlob,
  { offset, end, isHashedByReader }: DepotRange,
  hooks: { openHash: OpenHash; onUse(isReading: boolean): void; onCorrupt(): void },
): Promise<Readable> {
  const file = await whole.openFile();
  hooks.onUse(true);
  const pieces = file
    .createReadStream({ start: offset, end: end - 1, highWaterMark: PIECE_BYTES })
    .once('close', () => hooks.onUse(false));
  if (isHashedByReader || offset > 0 || end < whole.sizeBytes) return pieces;
  const verified = verifiedPieces(pieces, whole, hooks.openHash, (actual) => {
    hooks.onCorrupt();
    return new Failure('depot_corrupt', `reading ${whole.digest} back from the depot gave bytes of ${actual}`, {
      side: 'here',
      step: 'depot read',
    });
  });
  // A generator that nobody ever began has nothing to clean up after.
  return Readable.from(verified, { objectMode: false, highWaterMark: PIECE_BYTES }).once('close', () =>
    pieces.destroy(),
  );
}
