/** Memory that is kept for the next who ask, in all; more of it is left to the collector. */
const KEPT_BYTES = 16 * 1024 * 1024;

const LEAST_BYTES = 64 * 1024;

const free = new Map<number, SharedArrayBuffer[]>();
let freeBytes = 0;
/** What is in somebody's hands, and how long the piece is that was lent of it. */
const lent = new WeakMap<SharedArrayBuffer, number>();

/**
 * A piece of memory that threads can share: whoever is done with it gives it back (`giveBack`), and it is lent again. One
 * that nobody gives back is the collector's, like any other.
 */
export function lendPiece(sizeBytes: number): Uint8Array<SharedArrayBuffer> {
  const wholeBytes = 2 ** Math.ceil(Math.log2(Math.max(sizeBytes, LEAST_BYTES)));
  let memory = free.get(wholeBytes)?.pop();
  if (memory === undefined) memory = new SharedArrayBuffer(wholeBytes);
  else freeBytes -= wholeBytes;
  lent.set(memory, sizeBytes);
  return new Uint8Array(memory, 0, sizeBytes);
}

/** Only the whole piece can be returned, and only once: part of one, or one that was not lent, is left as it is. */
export function returnPiece({ buffer, byteOffset, byteLength }: Uint8Array<SharedArrayBuffer>): void {
  if (byteOffset !== 0 || lent.get(buffer) !== byteLength) return;
  lent.delete(buffer);
  if (freeBytes + buffer.byteLength > KEPT_BYTES) return;
  freeBytes += buffer.byteLength;
  const sameSize = free.get(buffer.byteLength);
  if (sameSize === undefined) free.set(buffer.byteLength, [buffer]);
  else sameSize.push(buffer);
}
