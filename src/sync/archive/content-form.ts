/** What a file's first bytes say it is. */
export type ContentForm = 'tar' | 'gzip' | 'zstd' | 'other';

/** How many first bytes `recogniseContent` wants to see: one tar header. */
export const FORM_HEAD_BYTES = 512;

/** RFC 1952 2.3.1 for gzip, RFC 8878 3.1.1 for zstd; a tar by its first header's checksum, or by a block of zeros (an empty tar). */
export function recogniseContent(head: Uint8Array): ContentForm {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return isTarHeader(head) ? 'tar' : 'other';
}

function isTarHeader(head: Uint8Array): boolean {
  if (head.byteLength < FORM_HEAD_BYTES) return false;
  const header = head.subarray(0, FORM_HEAD_BYTES);
  if (header.every((byte) => byte === 0)) return true;
  const stated = Number.parseInt(
    Buffer.from(header.subarray(148, 156)).toString('latin1').replaceAll('\0', ' ').trim(),
    8,
  );
  // The checksum counts its own field as spaces (POSIX ustar).
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum === stated;
}
