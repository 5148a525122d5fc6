import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../kernel/failure.ts';

const PIECE_BYTES = 512 * 1024;

/** Bytes `[start, end)` of an open file in pieces of 512 KiB. Throws `depot_corrupt` when the file is shorter. */
export async function* readFileRange(
  file: FileHandle,
  start: number,
  end: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let offset = start; offset < end; ) {
    signal?.throwIfAborted();
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end - offset));
    const { bytesRead } = await file.read(piece, 0, piece.byteLength, offset);
    if (bytesRead === 0) {
      throw new Failure('depot_corrupt', `reading bytes ${start}–${end} from the depot: the file ends at ${offset}`, {
        side: 'here',
      });
    }
    offset += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
