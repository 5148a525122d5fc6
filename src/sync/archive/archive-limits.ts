import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';

/** Bounds on what one archive may make us do. Everything that is kept in memory is bounded by them too. */
export type ArchiveLimits = {
  /** The archive as sent; also the tar inside after decompression, and all that its compressed layers unpack to. */
  readonly archiveBytes: number;
  /** Files, folders and links in the archive. */
  readonly entries: number;
  /** One document: manifest.json, index.json, a manifest, a config. */
  readonly manifestBytes: number;
};

/** Real images stay far below: the largest layers seen are tens of GB, an image has at most some hundred entries. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  archiveBytes: 128 * 1024 ** 3,
  entries: 10_000,
  manifestBytes: MAX_MANIFEST_BYTES,
};

/** An index within an index within an index is rare already. */
export const MAX_INDEX_DEPTH = 4;

/** All manifests of one image together, in multiples of one; they are read one after another, their lists are kept. */
export const MAX_MANIFESTS_IN_FULL = 16;

/**
 * How many times its own size compressed data may unpack to, once it is past a gigabyte. Deflate ends at 1032:1, so
 * only zstd can come here, and only with little else than zeros.
 */
export const MAX_EXPANSION = 2_000;
export const FREE_EXPANSION_BYTES = 1024 ** 3;
