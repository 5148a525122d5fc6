import { parseByteSize } from '../kernel/byte-size.ts';

/** A size as the file may have it. */
export function toBytes(size: string | number): number {
  return typeof size === 'number' ? size : parseByteSize(size);
}
