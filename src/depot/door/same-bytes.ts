import type { FileHandle } from 'node:fs/promises';
import { readFileRange } from '../read-file-range.ts';

/** Are bytes `[start, end)` of two files the same? They are not where the other is shorter. */
export async function haveSameBytes(
  one: FileHandle,
  other: FileHandle,
  { start, end }: { start: number; end: number },
): Promise<boolean> {
  let offset = start;
  let there = Buffer.alloc(0);
  for await (const piece of readFileRange(one, start, end)) {
    if (there.byteLength < piece.byteLength) there = Buffer.allocUnsafeSlow(piece.byteLength);
    const { bytesRead } = await other.read(there, 0, piece.byteLength, offset);
    if (bytesRead < piece.byteLength || !there.subarray(0, bytesRead).equals(piece)) return false;
    offset += bytesRead;
  }
  return true;
}
