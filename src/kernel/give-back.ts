import { returnPiece } from './lent-pieces.ts';

/**
 * Frees the memory of pieces that nobody will look at again, and leaves them empty; what was lent goes back to where it
 * came from. Only for pieces that are the caller's alone; one that shares its memory with others is left as it is.
 *
 * Memory of buffers is not the collector's own: it is freed only when the little object that names it is found dead. Bytes
 * that stream through fast would have the whole heap searched for them every 32 MB, which costs as much as hashing them.
 */
export function giveBack(pieces: Iterable<Uint8Array>): void {
  for (const piece of pieces) {
    const { buffer, byteLength } = piece;
    if (buffer instanceof SharedArrayBuffer) returnPiece(piece as Uint8Array<SharedArrayBuffer>);
    else if (byteLength === buffer.byteLength) buffer.transfer(0);
  }
}
