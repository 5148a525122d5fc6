import { z } from 'zod';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, DigestHasher, digestOf } from '../../oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../oci/media-types.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import { archiveInvalid } from './archive-failure.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import type { ArchivedImage } from './archived-image.ts';
import { readDocument, readStored } from './depot-content.ts';
import type { LandedFile } from './landed-file.ts';
import { parseDocument } from './parse-document.ts';
import { unpack } from './unpack.ts';

/** The files of an image that has no manifest of its own, or none that is worth keeping. */
export type ImageParts = { readonly config: LandedFile; readonly layers: readonly LandedFile[] };

/** What a config must say (image-spec 1.1, config.md); everything else in it is carried unread. */
const CONFIG = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
});

/**
 * Writes the manifest of an image that comes as config and layers: an OCI image manifest with its members in one
 * order and no white space, so that the same parts always have the same digest. The config stays as it is, and its
 * `diff_ids` are checked against what the layers unpack to.
 */
export async function composeImage(
  parts: ImageParts,
  depot: BlobDepot,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<ArchivedImage> {
  const { config, layers } = parts;
  const what = `the config ${config.path}`;
  const { rootfs } = parseDocument(CONFIG, await readDocument(depot, config, limits.manifestBytes, what), what);
  if (rootfs.diff_ids.length !== layers.length) {
    throw archiveInvalid(`${what} names ${rootfs.diff_ids.length} layers, the archive ${layers.length}`);
  }
  const budget = { leftBytes: limits.archiveBytes };
  const known = new Map<Digest, Digest>();
  const descriptors: Descriptor[] = [];
  for (const [index, layer] of layers.entries()) {
    const diffId = known.get(layer.sha256) ?? (await diffIdOf(layer, budget, depot, signal));
    known.set(layer.sha256, diffId);
    const expected = rootfs.diff_ids[index];
    if (diffId !== expected) throw archiveInvalid(`layer ${layer.path} unpacks to ${diffId}; ${what} says ${expected}`);
    descriptors.push({ mediaType: layer.form === 'zstd' ? OCI_LAYER_ZSTD : OCI_LAYER_GZIP, ...layer.stored });
  }
  const configDescriptor: Descriptor = { mediaType: OCI_CONFIG, ...config.stored };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: inOrder(configDescriptor),
      layers: descriptors.map(inOrder),
    }),
  );
  if (bytes.byteLength > limits.manifestBytes)
    throw archiveInvalid(
      `the image's manifest would have ${bytes.byteLength} bytes, over the limit of ${limits.manifestBytes}`,
    );
  const root: Descriptor = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.byteLength };
  await depot.writeBytes(root.digest, bytes);
  const blobs = new Map([configDescriptor, ...descriptors].map((descriptor) => [descriptor.digest, descriptor]));
  return { root, manifests: [root], blobs: [...blobs.values()] };
}

function inOrder({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** sha256 of the layer's tar. Tars were hashed as they came; packed layers are unpacked for it, within the budget. */
async function diffIdOf(
  layer: LandedFile,
  budget: { leftBytes: number },
  depot: BlobDepot,
  signal: AbortSignal,
): Promise<Digest> {
  if (layer.form === 'tar') return layer.sha256;
  if (layer.form === 'other')
    throw archiveInvalid(`layer ${layer.path} is neither a tar nor compressed with gzip or zstd`);
  const hasher = new DigestHasher('sha256');
  for await (const chunk of unpack(readStored(depot, layer.stored, signal), layer.form, `layer ${layer.path}`)) {
    budget.leftBytes -= chunk.byteLength;
    if (budget.leftBytes < 0)
      throw archiveInvalid(`the layers unpack to more than the archive's limit, ${layer.path} goes over it`);
    hasher.update(chunk);
  }
  return hasher.finish();
}
