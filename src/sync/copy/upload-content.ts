import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '../../oci/digest.ts';
import type { BlobReader } from './blob-depot.ts';

/** How large a chunk may be; the last one may be smaller than `least`. */
export type ChunkBounds = { readonly least: number; readonly most: number };

/** What an upload sends: a blob, or what there is of one that is still growing. */
export type UploadContent = {
  readonly algorithm: DigestAlgorithm;
  /** What it is; undefined while that is not known. */
  readonly blob: Pick<Descriptor, 'digest' | 'size'> | undefined;
  /** What the journal knows it by until `blob` is known. */
  readonly key: Digest;
  /** All of it, or as much as there is. */
  readonly sizeBytes: number;
  readonly reader: BlobReader;
  /**
   * Where the chunk ends that begins at `offset`, once its bytes are there. It ends where the blob does only when
   * `blob` says what that is.
   */
  findChunkEnd(offset: number, bounds: ChunkBounds, signal: AbortSignal): Promise<number>;
};

export function wholeContent(blob: Pick<Descriptor, 'digest' | 'size'>, reader: BlobReader): UploadContent {
  return {
    algorithm: digestAlgorithm(blob.digest),
    blob,
    key: blob.digest,
    sizeBytes: blob.size,
    reader,
    findChunkEnd: async (offset, { most }) => Math.min(blob.size, offset + most),
  };
}
