import type { Descriptor } from '../../oci/descriptor.ts';
import { digestAlgorithm } from '../../oci/digest.ts';
import { type ImageIndex, type Manifest, parseManifest } from '../../oci/manifest.ts';

/** A child of an index: its descriptor there, and the manifest that takes its place. */
export type CarriedChild = { readonly before: Descriptor; readonly after: Manifest };

/** The index with only these children, in their order, everything else as it was; itself when nothing changed. */
export function rewriteIndex(index: ImageIndex, children: readonly CarriedChild[]): ImageIndex {
  const isSame =
    children.length === index.manifests.length && children.every(({ before, after }) => before.digest === after.digest);
  if (isSame) return index;
  const document = JSON.parse(new TextDecoder().decode(index.bytes)) as { manifests: object[] };
  const manifests = children.map(({ before, after }) => ({
    // By place and not by digest: an index may name one manifest for two platforms.
    ...document.manifests[index.manifests.indexOf(before)],
    digest: after.digest,
    size: after.bytes.byteLength,
  }));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, manifests }));
  return parseManifest(bytes, index.mediaType, digestAlgorithm(index.digest)) as ImageIndex;
}
