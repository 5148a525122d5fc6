import type { FileHandle } from 'node:fs/promises';
import type { Digest } from '../oci/digest.ts';

/** A blob's file as a reader sees it: perhaps still growing, perhaps with its newest bytes in memory. */
export type GrowingBlob = {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Offset up to which bytes have arrived. */
  readonly arrivedBytes: number;
  /** Offset up to which the file holds them. */
  readonly writtenBytes: number;
  /** Bytes from memory, when they are still there. */
  recentBytes(offset: number, end: number): Uint8Array | undefined;
  /** Resolves once bytes beyond `offset` have arrived (`written`: are in the file); throws what ended the landing. */
  waitBeyond(offset: number, stage: 'arrived' | 'written', signal: AbortSignal): Promise<void>;
  /** Resolves once every byte has arrived and the digest is right; throws what ended the landing. */
  waitVerified(signal: AbortSignal): Promise<void>;
  openFile(): Promise<FileHandle>;
};

/** How far a reader is, for a landing that would like to keep it fed from memory. */
export type ReaderPosition = { readonly position: number; keepsUp: boolean; readonly openedAtMs: number };
