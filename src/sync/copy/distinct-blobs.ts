import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { isForeignLayer } from '../../oci/media-types.ts';
import type { TreeManifest } from './image-tree.ts';

/** Each blob once, in order of appearance; layers that live elsewhere are left alone. */
export function distinctBlobs(manifests: readonly TreeManifest[]): Descriptor[] {
  const blobs = new Map<Digest, Descriptor>();
  for (const { manifest } of manifests) {
    if (manifest.kind !== 'image') continue;
    for (const blob of [manifest.config, ...manifest.layers]) {
      if (isForeignLayer(blob.mediaType)) continue;
      const known = blobs.get(blob.digest);
      if (known !== undefined && known.size !== blob.size) {
        throw new Failure(
          'manifest_invalid',
          `the image names blob ${blob.digest} with ${known.size} and with ${blob.size} bytes`,
          { side: 'source', step: 'manifest read' },
        );
      }
      if (known === undefined) blobs.set(blob.digest, blob);
    }
  }
  return [...blobs.values()];
}
