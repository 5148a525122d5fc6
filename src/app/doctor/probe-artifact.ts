import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../oci/media-types.ts';
import { parseTag } from '../../oci/tag.ts';

/** The smallest image that every registry takes for one, new each time so that nothing of it is there already. */
export function probeArtifact() {
  const layer = blobOf(gzipSync(randomBytes(64)));
  const config = blobOf(
    Buffer.from(
      JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [layer.digest] } }),
    ),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.bytes.byteLength },
      layers: [{ mediaType: OCI_LAYER_GZIP, digest: layer.digest, size: layer.bytes.byteLength }],
    }),
  );
  return {
    blobs: [layer, config],
    manifest: parseManifest(bytes, OCI_MANIFEST),
    tag: parseTag(`probe-${Date.now().toString(36)}-${randomBytes(3).toString('hex')}`),
  };
}

function blobOf(bytes: Uint8Array) {
  return { bytes, digest: digestOf(bytes) };
}
