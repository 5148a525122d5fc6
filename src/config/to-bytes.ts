import { parseByteSize } from '../kernel/byte-size.ts';

/** A size as the file may have it, once it was checked. */
export function toBytes(size: string | number): number {
  return typeof size === 'number' ? size : parseByteSize(size);
}

/** For checks that run beside the size's own: undefined for what is no size, which that one reports. */
export function findBytes(size: string | number): number | undefined {
  try {
    return toBytes(size);
  } catch {
    return undefined;
  }
}
