import { Readable } from 'node:stream';
import type { WholeBlob } from './whole-blob.ts';

/** Small, since each of many readers at once may hold a few of them. */
const PIECE_BYTES = 64 * 1024;

/** Bytes `[offset, end)` of a whole blob. */
export type DepotRange = {
  readonly offset: number;
  readonly end: number;
  /** Whoever reads hashes it and holds its last bytes back: it is not done here as well. */
  readonly isHashedByReader?: true;
};

/**
 * Part of a whole blob as a stream. Read from its beginning a blob is hashed, and its last bytes come only if all were
 * right. A part cannot be checked without reading what is before it: whoever asks for parts checks the whole.
 */
export async function openBlobRange(
  whole: WholeBlob,
  range: DepotRange,
  onUse: (isReading: boolean) => void,
): Promise<Readable> {
  if (range.offset === 0 && !range.isHashedByReader) {
    const reader = whole.openReader();
    const stop = new AbortController();
    return Readable.from(reader.read(range, stop.signal), { objectMode: false }).once('close', () => {
      stop.abort();
      reader.close();
    });
  }
  const file = await whole.openFile();
  onUse(true);
  return file
    .createReadStream({ start: range.offset, end: range.end - 1, highWaterMark: PIECE_BYTES })
    .once('close', () => onUse(false));
}
