import type { ByteRange } from '../../kernel/byte-ranges.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';

/**
 * Opens a blob's bytes at (or, where ranges are ignored, before) an offset. They come in order; what a source gets
 * ahead of its turn it may put aside, and what was put aside before it need not fetch again.
 */
export type OpenBlob = (
  offset: number,
  signal: AbortSignal,
  aside: BlobAside,
) => Promise<{ startsAt: number; body: AsyncIterable<Uint8Array> }>;

/** The place of a landing's bytes that have come ahead of their turn. They survive an interruption. */
export type BlobAside = {
  /** What is there, in rising order, beyond the offset that the blob was opened at. */
  readonly kept: readonly ByteRange[];
  /** Resolves once the bytes are there. */
  put(offset: number, pieces: readonly Uint8Array[]): Promise<void>;
  /** Bytes that are there, to be given in their turn as they are. */
  read(range: ByteRange): AsyncIterable<Uint8Array>;
};

/** Reads one blob from front to back, piece after piece, remembering what it has verified. */
export type BlobReader = {
  /**
   * Bytes `[offset, end)` at the consumer's pace, waiting for those not yet landed. The blob's very last bytes are
   * given only once all of it is verified, so whoever reads to the end has the right bytes. Throws the landing's
   * failure, or `depot_corrupt` when the disk gives back other bytes than it was given.
   */
  read(range: { offset: number; end: number }, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Ends the reading; a landing no longer waits for this reader. */
  close(): void;
};

/** A blob in the depot, whole or still landing, that may be read while it grows. */
export type DepotBlob = {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Resolves when the blob is whole, verified and durable; rejects with the failure that ended its landing. */
  readonly landed: Promise<void>;
  openReader(): BlobReader;
};

/** The content-addressed store near the source. What the copy engine needs of it. */
export type BlobDepot = {
  /** Size of a blob that is whole in the depot. */
  find(digest: Digest): { sizeBytes: number } | undefined;
  /**
   * The blob, landing it with `open` unless it is whole or already landing: however many ask, the source is read
   * once. An interrupted landing goes on from the bytes on disk. The landing ends early when every signal that was
   * given for it has aborted. Throws `depot_full` when the bytes cannot be made room for.
   */
  land(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    open: OpenBlob,
    signal: AbortSignal,
    onLanded?: (bytes: number) => void,
  ): Promise<DepotBlob>;
  /** Whole bytes of a small blob (manifests, configs), verified, or undefined. */
  readBytes(digest: Digest, limitBytes: number): Promise<Uint8Array | undefined>;
  /** Keeps bytes whose digest the caller has computed. */
  writeBytes(digest: Digest, bytes: Uint8Array): Promise<void>;
  /**
   * Lands a stream whose digest is not known before its end (a layer inside an archive): returns what it was.
   * Nothing is visible unless all of it was written and synced.
   */
  landStream(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ digest: Digest; sizeBytes: number }>;
};
