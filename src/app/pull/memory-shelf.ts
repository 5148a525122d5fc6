import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { ManifestShelf } from '../../pull/image-pulls.ts';

/** Manifests of at most this many bytes together; the one kept longest goes first. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Keeps manifests in memory for as long as there is room. */
export function openMemoryShelf(): ManifestShelf {
  const kept = new Map<Digest, Manifest>();
  let bytes = 0;
  return {
    find: (digest) => kept.get(digest),
    keep(manifest) {
      if (kept.has(manifest.digest)) return;
      kept.set(manifest.digest, manifest);
      bytes += manifest.bytes.byteLength;
      for (const [digest, oldest] of kept) {
        if (bytes <= MAX_BYTES) return;
        kept.delete(digest);
        bytes -= oldest.bytes.byteLength;
      }
    },
  };
}
