import { Failure } from '../kernel/failure.ts';
import { closingPieces, type PieceStream } from '../kernel/piece-stream.ts';
import type { Digest } from '../oci/digest.ts';
import type { OpenHash } from '../oci/stream-hash.ts';
import { verifiedPieces } from '../oci/verified-pieces.ts';
import { readAhead } from './read-ahead.ts';
import type { WholeBlob } from './whole-blob.ts';

/** Large enough that reading, hashing and sending one costs little beside its bytes; each reader has a few of them. */
const PIECE_BYTES = 1024 * 1024;

/** With more readers than this at once, each has smaller pieces. */
const FEW_READERS = 8;
const SMALLER_PIECE_BYTES = 256 * 1024;

/** Bytes `[offset, end)` of a whole blob. */
export type DepotRange = {
  readonly offset: number;
  readonly end: number;
  /** Whoever reads hashes it and holds its last bytes back: it is not done here as well. */
  readonly isHashedByReader?: true;
};

export type BlobRangesHooks = {
  readonly openHash: OpenHash;
  onUse(digest: Digest, isReading: boolean): void;
  /** The bytes on disk are not those of the digest any more. */
  onCorrupt(digest: Digest): void;
};

/** Parts of whole blobs as streams, whose pieces are lent: who is done with one gives it back. */
export class BlobRanges {
  readonly #hooks: BlobRangesHooks;
  #readers = 0;

  constructor(hooks: BlobRangesHooks) {
    this.#hooks = hooks;
  }

  /**
   * Read from end to end a blob is hashed, and its last bytes come only if all were right; hashing, reading ahead and what
   * the reader does go on side by side. A part cannot be checked without reading the rest: whoever asks for parts checks
   * the whole.
   */
  async open(whole: WholeBlob, { offset, end, isHashedByReader }: DepotRange): Promise<PieceStream> {
    const { digest, sizeBytes } = whole;
    const { openHash, onUse, onCorrupt } = this.#hooks;
    const file = await whole.openFile();
    this.#readers += 1;
    onUse(digest, true);
    const pieces = readAhead(file, { start: offset, end }, () => this.#pieceBytes());
    const isWhole = offset === 0 && end === sizeBytes;
    const given =
      isHashedByReader || !isWhole
        ? pieces
        : verifiedPieces(pieces, whole, openHash, (actual) => {
            onCorrupt(digest);
            return new Failure('depot_corrupt', `reading ${digest} back from the depot gave bytes of ${actual}`, {
              side: 'here',
              step: 'depot read',
            });
          });
    return closingPieces(given, () => {
      this.#readers -= 1;
      onUse(digest, false);
      // It waits for a read that is under way.
      file.close().catch(() => {});
    });
  }

  #pieceBytes(): number {
    return this.#readers <= FEW_READERS ? PIECE_BYTES : SMALLER_PIECE_BYTES;
  }
}
