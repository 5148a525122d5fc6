import type { FileHandle } from 'node:fs/promises';
import type { PieceStream } from '../kernel/piece-stream.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobDepot } from '../sync/copy/blob-depot.ts';
import type { DepotRange } from './blob-ranges.ts';
import type { UploadRoom } from './registry-folder/upload-room.ts';

export type DepotUsage = {
  readonly limitBytes: number;
  /** Bytes of whole blobs. */
  readonly usedBytes: number;
  /** Bytes set aside for blobs on their way in. */
  readonly landingBytes: number;
  readonly blobs: number;
  readonly landings: number;
  /** Free bytes of the disk itself. */
  readonly diskFreeBytes: number;
};

/** The content-addressed store near CI: what the copy engine sees of it, and what the rest of the service does. */
export type Depot = BlobDepot & {
  /** Room for bytes that others keep beside the depot's own until it takes them: uploads at the door. */
  readonly room: UploadRoom;
  /**
   * Takes a file over whose bytes the caller has claimed in `room`, and verified to be the digest's. It must be on the
   * depot's own disk; it is moved, unless the blob is here already, and not before `named` is over: whoever asks for the
   * blob by that name finds either the file or the blob. The claim ends with it. Throws `disk_full`.
   */
  takeFile(digest: Digest, path: string, named?: Promise<void>): Promise<void>;
  /** Whole blobs that begin with these bytes, of which there are `BEGINNING_BYTES`; the one used last first. */
  findAlike(beginning: Uint8Array): Promise<readonly Digest[]>;
  /** A whole blob's file, to be closed by whoever asked for it. Its bytes are not verified. */
  openFile(digest: Digest): Promise<FileHandle | undefined>;
  openRange(digest: Digest, range: DepotRange): Promise<PieceStream | undefined>;
  usage(): Promise<DepotUsage>;
  /** Ends all landings; their bytes stay on disk for the next start. */
  close(): Promise<void>;
};
