import type { Digest } from '../oci/digest.ts';

export type StoredBlob = { readonly digest: Digest; readonly sizeBytes: number; readonly usedAt: number };

/**
 * Which blobs make room for `wantedBytes`: the longest unused first, never one that is needed. Undefined when all
 * that may go would not be enough; then nothing goes.
 */
export function chooseVictims(
  blobs: Iterable<StoredBlob>,
  wantedBytes: number,
  isNeeded: (digest: Digest) => boolean,
): readonly StoredBlob[] | undefined {
  if (wantedBytes <= 0) return [];
  const candidates = [...blobs].filter((blob) => !isNeeded(blob.digest)).sort((a, b) => a.usedAt - b.usedAt);
  let freed = 0;
  for (const [index, blob] of candidates.entries()) {
    freed += blob.sizeBytes;
    if (freed >= wantedBytes) return candidates.slice(0, index + 1);
  }
  return undefined;
}
