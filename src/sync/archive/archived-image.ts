import type { Descriptor } from '../../oci/descriptor.ts';

/** An image that was in an archive and is now in the depot, whole and verified. */
export type ArchivedImage = {
  /** The manifest or index that the release names. */
  readonly root: Descriptor;
  /** Every manifest and index, the root too; children before their parents. */
  readonly manifests: readonly Descriptor[];
  /** Every config and layer, each once. Foreign layers are not among them. */
  readonly blobs: readonly Descriptor[];
};
