import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { Tag } from '../../oci/tag.ts';

/**
 * Everything that has to be at a registry for an image to be whole there: its manifests in an order in which each
 * comes after those it names, and each distinct blob once.
 */
export type ImageTree = {
  /** The digest that was asked for. */
  readonly sourceDigest: Digest;
  readonly root: Manifest;
  /** Children before parents; the root comes before the referrers that speak of it. */
  readonly manifests: readonly TreeManifest[];
  readonly blobs: readonly Descriptor[];
  /** Why the root is not the manifest that was asked for; empty when it is. */
  readonly rewritten: readonly ('platforms' | 'attestations-dropped')[];
  /** Bytes of all blobs and manifests. */
  readonly bytesTotal: number;
};

export type TreeManifest = {
  readonly manifest: Manifest;
  /** A tag of its own at the target, for signatures that are found by tag. */
  readonly tag: Tag | null;
  /** Part of the image itself, or something that speaks of it. */
  readonly isReferrer: boolean;
};
