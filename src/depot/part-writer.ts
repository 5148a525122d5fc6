import type { FileHandle } from 'node:fs/promises';
import { diskFailure } from './disk-failure.ts';

const BATCH_BYTES = 1024 * 1024;
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/**
 * Appends pieces to a file in large writes, one at a time and in order, so that after a crash the file holds a
 * prefix of what was given. The caller goes on meanwhile and waits only when too much is pending.
 */
export class PartWriter {
  readonly #file: FileHandle;
  readonly #onWritten: () => void;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  #error: unknown;
  /** Offset up to which the file holds the bytes. */
  writtenBytes: number;

  constructor(file: FileHandle, startBytes: number, onWritten: () => void) {
    this.#file = file;
    this.writtenBytes = startBytes;
    this.#onWritten = onWritten;
  }

  /** Takes a piece; the promise, where there is one, must be awaited before the next. */
  write(piece: Uint8Array): Promise<void> | undefined {
    this.#pending.push(piece);
    this.#pendingBytes += piece.byteLength;
    if (this.#writing === undefined && this.#pendingBytes >= BATCH_BYTES) this.#start();
    if (this.#error !== undefined) return this.#fail();
    return this.#pendingBytes >= MAX_PENDING_BYTES ? this.#writing : undefined;
  }

  /** The file holds the next bytes already. */
  async skip(bytes: number): Promise<void> {
    await this.flush();
    this.writtenBytes += bytes;
    this.#onWritten();
  }

  /** Everything given so far is in the file (not yet synced). */
  async flush(): Promise<void> {
    while (this.#pendingBytes > 0 || this.#writing !== undefined) {
      if (this.#writing === undefined) this.#start();
      await this.#writing;
      if (this.#error !== undefined) return this.#fail();
    }
  }

  #start(): void {
    const pieces = this.#pending;
    const bytes = this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#writing = this.#writeAll(pieces, bytes).then(
      () => {
        this.#writing = undefined;
        this.writtenBytes += bytes;
        this.#onWritten();
        if (this.#pendingBytes >= BATCH_BYTES) this.#start();
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#error = error;
        this.#onWritten();
      },
    );
  }

  async #writeAll(pieces: Uint8Array[], bytes: number): Promise<void> {
    const { bytesWritten } = await this.#file.writev(pieces, this.writtenBytes);
    if (bytesWritten === bytes) return;
    // A short write (a nearly full disk): write the rest piecewise until the disk says why.
    const rest = Buffer.concat(pieces).subarray(bytesWritten);
    for (let done = 0; done < rest.byteLength; ) {
      done += (await this.#file.write(rest, done, rest.byteLength - done, this.writtenBytes + bytesWritten + done))
        .bytesWritten;
    }
  }

  async #fail(): Promise<never> {
    throw diskFailure('writing to the depot', this.#error);
  }
}
