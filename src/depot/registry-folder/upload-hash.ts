import { createReadStream } from 'node:fs';
import type { Digest, DigestAlgorithm } from '../../oci/digest.ts';
import type { OpenHash, StreamHash } from '../../oci/stream-hash.ts';

/** A session that stands still for so long has its bytes read again if it goes on: a hash is not kept for it. */
const KEEP_MS = 60_000;

/**
 * Hashes the bytes of one upload session as they are written: the thread that hashes reads them from the session's file,
 * and where there is none, what it has not seen is read here.
 */
export class UploadHash {
  readonly #path: string;
  readonly #open: OpenHash;
  #running: { readonly hash: StreamHash; readonly algorithm: DigestAlgorithm; bytes: number } | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(path: string, open: OpenHash) {
    this.#path = path;
    this.#open = open;
  }

  /** So that it has hashed the first `sizeBytes` of the file, and nothing else. */
  async catchUp(algorithm: DigestAlgorithm, sizeBytes: number): Promise<StreamHash> {
    clearTimeout(this.#idle);
    if (this.#running?.algorithm !== algorithm || this.#running.bytes > sizeBytes) this.drop();
    this.#running ??= { hash: this.#open(algorithm), algorithm, bytes: 0 };
    const { hash, bytes } = this.#running;
    if (bytes < sizeBytes && hash.updateFrom !== undefined) {
      await this.#readOn(sizeBytes);
    } else if (bytes < sizeBytes) {
      const missed = createReadStream(this.#path, { start: bytes, end: sizeBytes - 1, highWaterMark: 1024 * 1024 });
      try {
        for await (const chunk of missed) await this.update([chunk]);
      } catch (error) {
        this.drop();
        throw error;
      }
    }
    return hash;
  }

  /** The next bytes, which are in the file. */
  async update(chunks: readonly Uint8Array[]): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    if (running.hash.updateFrom !== undefined) {
      await this.#readOn(chunks.reduce((sum, { byteLength }) => sum + byteLength, running.bytes));
      return;
    }
    for (const chunk of chunks) {
      const hashing = running.hash.update(chunk);
      if (hashing !== undefined) await hashing;
      running.bytes += chunk.byteLength;
    }
  }

  /** Has the file read up to `sizeBytes`: what was written a moment ago is still in the kernel's memory. */
  async #readOn(sizeBytes: number): Promise<void> {
    const running = this.#running;
    if (running?.hash.updateFrom === undefined) return;
    const range = { start: running.bytes, end: sizeBytes };
    running.bytes = sizeBytes;
    try {
      const reading = running.hash.updateFrom(this.#path, range);
      if (reading !== undefined) await reading;
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  /** The digest of the first `sizeBytes` of the file. */
  async finish(algorithm: DigestAlgorithm, sizeBytes: number): Promise<Digest> {
    try {
      return await (await this.catchUp(algorithm, sizeBytes)).finish();
    } finally {
      this.drop();
    }
  }

  /** Nobody is at work on the session; it may go on soon, or never. */
  rest(): void {
    if (this.#running === undefined) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.drop(), KEEP_MS).unref();
  }

  drop(): void {
    clearTimeout(this.#idle);
    this.#running?.hash.drop();
    this.#running = undefined;
  }
}
