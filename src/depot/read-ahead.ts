import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../kernel/failure.ts';
import { giveBack } from '../kernel/give-back.ts';
import { lendPiece } from '../kernel/lent-pieces.ts';

/** The first piece is small, so that it is soon there; each one after it is twice as large, up to what is allowed. */
const FIRST_BYTES = 256 * 1024;

/**
 * Bytes `[start, end)` of an open file in lent pieces, of which the next is read while one is looked at. `mostBytes` is
 * asked how large a piece may be. Throws `depot_corrupt` when the file is shorter.
 */
export async function* readAhead(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
  mostBytes: () => number,
): AsyncGenerator<Uint8Array<SharedArrayBuffer>> {
  let offset = start;
  let sizeBytes = FIRST_BYTES;
  const readNext = (): Promise<Uint8Array<SharedArrayBuffer>> | undefined => {
    if (offset === end) return undefined;
    const piece = lendPiece(Math.min(sizeBytes, end - offset));
    const reading = fill(piece, file, offset);
    // Until somebody asks for the piece, nobody would hear of it.
    reading.catch(() => {});
    offset += piece.byteLength;
    sizeBytes = Math.min(sizeBytes * 2, mostBytes());
    return reading;
  };
  let next = readNext();
  try {
    while (next !== undefined) {
      const piece = await next;
      next = readNext();
      yield piece;
    }
  } finally {
    next?.then(
      (piece) => giveBack([piece]),
      () => {},
    );
  }
}

async function fill<T extends Uint8Array>(piece: T, file: FileHandle, position: number): Promise<T> {
  for (let done = 0; done < piece.byteLength; ) {
    const { bytesRead } = await file.read(piece, done, piece.byteLength - done, position + done);
    if (bytesRead === 0)
      throw new Failure('depot_corrupt', `reading from the depot: the file ends at byte ${position + done}`, {
        side: 'here',
        step: 'depot read',
      });
    done += bytesRead;
  }
  return piece;
}
