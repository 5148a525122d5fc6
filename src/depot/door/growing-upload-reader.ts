import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../../kernel/failure.ts';
import type { StreamHash } from '../../oci/stream-hash.ts';
import type { GrowingReader, GrowingUpload } from '../../sync/copy/growing-upload.ts';
import { readFileRange } from '../read-file-range.ts';
import type { KeptFile } from './kept-file.ts';
import { haveSameBytes } from './same-bytes.ts';

/** An upload as its own folder knows it. */
export type UploadOnDisk = GrowingUpload & { readonly file: KeptFile };

/** Reads an upload through a file that it keeps, hashing in the thread that is given. */
export class GrowingUploadReader implements GrowingReader {
  #upload: UploadOnDisk;
  #file: FileHandle;
  readonly #hash: StreamHash;
  #hashedBytes = 0;
  #isVerified = false;
  #isOpen = true;

  /** `file` is what keeping the upload's file gave. */
  constructor(upload: UploadOnDisk, file: FileHandle, hash: StreamHash) {
    this.#upload = upload;
    this.#file = file;
    this.#hash = hash;
  }

  async *read(range: { offset: number; end: number }, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    // What is passed over, since the target has it already, belongs to the digest all the same.
    for await (const piece of this.#pieces(this.#hashedBytes, range.offset, signal)) await this.#take(piece);
    let offset = range.offset;
    for await (const piece of this.#pieces(offset, range.end, signal)) {
      const end = offset + piece.byteLength;
      if (end > this.#hashedBytes) await this.#take(piece.subarray(Math.max(this.#hashedBytes - offset, 0)));
      if (end === this.#upload.blob?.size) await this.#verify(this.#upload.blob.digest);
      offset = end;
      yield piece;
    }
  }

  async goOnWith(other: GrowingUpload): Promise<boolean> {
    if (!isOnDisk(other) || other.algorithm !== this.#upload.algorithm) return false;
    const file = await other.file.keep();
    const isSame =
      other.sizeBytes >= this.#hashedBytes &&
      (await haveSameBytes(this.#file, file, { start: 0, end: this.#hashedBytes }));
    (isSame ? this.#upload : other).file.letGo();
    if (!isSame) return false;
    this.#file = file;
    this.#upload = other;
    return true;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#hash.drop();
    this.#upload.file.letGo();
  }

  async *#pieces(offset: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let from = offset; from < end; ) {
      await this.#upload.waitBeyond(from, signal);
      const to = Math.min(end, this.#upload.sizeBytes);
      yield* readFileRange(this.#file, from, to, signal);
      from = to;
    }
  }

  async #take(piece: Uint8Array): Promise<void> {
    this.#hashedBytes += piece.byteLength;
    await this.#hash.update(piece);
  }

  /** Once: bytes that are read again after that are judged by the target. */
  async #verify(expected: string): Promise<void> {
    if (this.#isVerified) return;
    const actual = await this.#hash.finish();
    if (actual !== expected)
      throw new Failure('depot_corrupt', `reading ${expected} back from the disk gave bytes of ${actual}`, {
        side: 'here',
        step: 'depot read',
      });
    this.#isVerified = true;
  }
}

function isOnDisk(upload: GrowingUpload): upload is UploadOnDisk {
  return 'file' in upload;
}
