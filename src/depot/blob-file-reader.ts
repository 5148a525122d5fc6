import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../kernel/failure.ts';
import { DigestHasher, digestAlgorithm } from '../oci/digest.ts';
import type { BlobReader } from '../sync/copy/blob-depot.ts';
import type { GrowingBlob, ReaderPosition } from './growing-blob.ts';
import { readFileRange } from './read-file-range.ts';

/**
 * Reads a blob for one leg. As long as every byte comes from memory nothing is hashed here: the landing hashes each
 * byte once, and the last ones are held back until its digest is confirmed. From the first byte that comes from the
 * disk on, the reader hashes for itself, from the blob's beginning, and holds the last bytes back until its own
 * digest is right.
 */
export class BlobFileReader implements BlobReader, ReaderPosition {
  readonly #blob: GrowingBlob;
  readonly #onMoved: (reader: BlobFileReader) => void;
  readonly openedAtMs = performance.now();
  keepsUp = true;
  position = 0;
  #file: Promise<FileHandle> | undefined;
  #hasher: DigestHasher | undefined;
  #hashedBytes = 0;
  #isClosed = false;
  /** Counts readings: the last one goes on, an earlier one that is still waiting for the disk ends. */
  #reading = 0;

  constructor(blob: GrowingBlob, onMoved: (reader: BlobFileReader) => void = () => {}) {
    this.#blob = blob;
    this.#onMoved = onMoved;
  }

  async *read(range: { offset: number; end: number }, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#reading += 1;
    const reading = this.#reading;
    if (range.offset !== this.position) this.#leaveMemory();
    for (let offset = range.offset; offset < range.end; ) {
      signal.throwIfAborted();
      if (this.#blob.arrivedBytes <= offset) await this.#blob.waitBeyond(offset, 'arrived', signal);
      const recent = this.#blob.recentBytes(offset, range.end);
      if (recent === undefined) {
        this.#leaveMemory();
        if (this.#blob.writtenBytes <= offset) await this.#blob.waitBeyond(offset, 'written', signal);
        const end = Math.min(range.end, this.#blob.writtenBytes);
        for await (const piece of readFileRange(await this.#openFile(), offset, end, signal)) {
          await this.#check(reading, offset, piece, signal);
          offset = this.#moveTo(offset + piece.byteLength);
          yield piece;
        }
      } else {
        await this.#check(reading, offset, recent, signal);
        offset = this.#moveTo(offset + recent.byteLength);
        yield recent;
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.keepsUp = false;
    this.#onMoved(this);
    this.#file?.then((file) => file.close()).catch(() => {});
    this.#file = undefined;
  }

  /** Called before a piece is given away: hashes it when hashing has begun, and holds the last piece until all is right. */
  async #check(reading: number, offset: number, piece: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#goOn(reading);
    const end = offset + piece.byteLength;
    if (this.#hasher !== undefined && end > this.#hashedBytes) {
      await this.#hashMissed(reading, this.#hasher, offset, signal);
      this.#goOn(reading);
      this.#hasher.update(piece.subarray(Math.max(this.#hashedBytes - offset, 0)));
      this.#hashedBytes = end;
    }
    if (end < this.#blob.sizeBytes) return;
    if (this.#hasher !== undefined && this.#hashedBytes === this.#blob.sizeBytes) {
      const actual = this.#hasher.finish();
      this.#restartHash();
      if (actual !== this.#blob.digest) {
        throw new Failure('depot_corrupt', `reading ${this.#blob.digest} back from the depot gave bytes of ${actual}`, {
          side: 'here',
          step: 'depot read',
        });
      }
    }
    await this.#blob.waitVerified(signal);
    this.#goOn(reading);
  }

  /** Throws when another reading has begun since: two that hash in turns would both count what is hashed once. */
  #goOn(reading: number): void {
    if (reading !== this.#reading)
      throw new Failure('cancelled', `another reading of ${this.#blob.digest} took this one's place`, { side: 'here' });
  }

  /** Hashes from the file what was passed over up to `offset`; what has just arrived may not be there yet. */
  async #hashMissed(reading: number, hasher: DigestHasher, offset: number, signal: AbortSignal): Promise<void> {
    while (this.#hashedBytes < offset) {
      if (this.#blob.writtenBytes <= this.#hashedBytes)
        await this.#blob.waitBeyond(this.#hashedBytes, 'written', signal);
      const end = Math.min(offset, this.#blob.writtenBytes);
      for await (const missed of readFileRange(await this.#openFile(), this.#hashedBytes, end, signal)) {
        this.#goOn(reading);
        hasher.update(missed);
        this.#hashedBytes += missed.byteLength;
      }
    }
  }

  /** From here on bytes may come from the disk, so all of them are hashed, beginning with those already given. */
  #leaveMemory(): void {
    this.keepsUp = false;
    this.#onMoved(this);
    if (this.#hasher === undefined) this.#restartHash();
  }

  #restartHash(): void {
    this.#hasher = new DigestHasher(digestAlgorithm(this.#blob.digest));
    this.#hashedBytes = 0;
  }

  #moveTo(offset: number): number {
    this.position = offset;
    this.#onMoved(this);
    return offset;
  }

  /** Opened once, also when a reading that was given up and the one in its place want it at the same time. */
  #openFile(): Promise<FileHandle> {
    if (this.#isClosed) throw new Failure('cancelled', 'the reader was closed', { side: 'here' });
    if (this.#file === undefined) {
      const opening = this.#blob.openFile();
      opening.catch(() => {
        if (this.#file === opening) this.#file = undefined;
      });
      this.#file = opening;
    }
    return this.#file;
  }
}
