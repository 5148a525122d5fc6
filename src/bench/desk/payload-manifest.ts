import { type Digest, digestOf } from '../../oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_TAR, OCI_MANIFEST } from '../../oci/media-types.ts';
import { parseTag, type Tag } from '../../oci/tag.ts';

/** An image whose only layer is the payload. */
export type PayloadImage = {
  readonly config: { readonly digest: Digest; readonly bytes: Uint8Array };
  readonly manifest: { readonly digest: Digest; readonly bytes: Uint8Array; readonly mediaType: string };
  readonly tag: Tag;
};

/**
 * What keeps a payload where it is: registries collect blobs that no manifest names, and ECR does not hand them out
 * (`LayerInaccessibleException`, https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetDownloadUrlForLayer.html).
 */
export function payloadImage(digest: Digest, payloadBytes: number): PayloadImage {
  const config = toBytes({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digest] },
  });
  const configDigest = digestOf(config);
  const manifest = toBytes({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: configDigest, size: config.byteLength },
    layers: [{ mediaType: OCI_LAYER_TAR, digest, size: payloadBytes }],
  });
  return {
    config: { digest: configDigest, bytes: config },
    manifest: { digest: digestOf(manifest), bytes: manifest, mediaType: OCI_MANIFEST },
    tag: parseTag(`payload-${payloadBytes}-${digest.slice(-12)}`),
  };
}

function toBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
