import type { FileHandle } from 'node:fs/promises';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type ByteRange, ByteRanges } from '../kernel/byte-ranges.ts';
import type { BlobAside } from '../sync/copy/blob-depot.ts';
import { diskFailure } from './disk-failure.ts';
import { readFileRange } from './read-file-range.ts';

/** How old the note may become while bytes are put aside: what a `kill -9` costs. */
const NOTE_EVERY_MS = 250;

export type LandingAsideOptions = {
  readonly file: FileHandle;
  /** Where it is noted which bytes of the file are there. */
  readonly notePath: string;
  readonly sizeBytes: number;
  /** Offset up to which the file holds everything. */
  readonly writtenBytes: () => number;
  readonly onArrived: (bytes: number) => void;
};

/**
 * The bytes of a landing file beyond the ones that have arrived in order. As long as there are any, the file's size
 * does not say what it holds; a note beside it does, and without a note the file is whole up to its size.
 */
export class LandingAside implements BlobAside {
  readonly #options: LandingAsideOptions;
  readonly #kept: ByteRanges;
  readonly #given = new WeakSet<Uint8Array>();
  readonly #frontBytes: number;
  #due: NodeJS.Timeout | undefined;
  #notedAtMs = Number.NEGATIVE_INFINITY;
  #hasNote: boolean;
  #noting: Promise<void> = Promise.resolve();

  private constructor(options: LandingAsideOptions, found: ByteRanges, hasNote: boolean) {
    this.#options = options;
    this.#kept = found;
    this.#hasNote = hasNote;
    this.#frontBytes = found.find(0)?.end ?? 0;
  }

  /** Takes up what an earlier landing has left. */
  static async open(options: LandingAsideOptions): Promise<LandingAside> {
    const { file, sizeBytes } = options;
    const { size } = await file.stat();
    const noted = await readNote(options.notePath);
    const found = new ByteRanges(size <= sizeBytes ? (noted ?? [{ offset: 0, end: size }]) : []);
    found.remove({ offset: size, end: Number.MAX_SAFE_INTEGER });
    const aside = new LandingAside(options, found, noted !== undefined);
    if (found.ranges.some(({ offset }) => offset > 0)) return aside;
    if (aside.frontBytes !== size) await file.truncate(aside.frontBytes);
    await aside.forget();
    return aside;
  }

  /** How many bytes from the front on an earlier landing has left. */
  get frontBytes(): number {
    return this.#frontBytes;
  }

  get kept(): readonly ByteRange[] {
    this.#kept.remove({ offset: 0, end: this.#options.writtenBytes() });
    return this.#kept.ranges;
  }

  async put(offset: number, pieces: readonly Uint8Array[]): Promise<void> {
    // From the first such byte on the file's size says nothing any more, so the note comes first.
    if (!this.#hasNote) await this.note();
    const { file } = this.#options;
    let end = offset;
    try {
      for (const piece of pieces) {
        for (let done = 0; done < piece.byteLength; )
          done += (await file.write(piece, done, piece.byteLength - done, end + done)).bytesWritten;
        end += piece.byteLength;
      }
    } catch (error) {
      throw diskFailure('writing to the depot', error);
    }
    this.#kept.add({ offset, end });
    this.#options.onArrived(end - offset);
    this.noteWhenDue();
  }

  async *read(range: ByteRange): AsyncGenerator<Uint8Array> {
    for await (const piece of readFileRange(this.#options.file, range.offset, range.end)) {
      this.#given.add(piece);
      yield piece;
    }
  }

  /** Is the piece one that `read` gave, and so in the file already? */
  gave(piece: Uint8Array): boolean {
    return this.#given.has(piece);
  }

  /** Brings the note up to date now and then, where there is one. */
  noteWhenDue(): void {
    if (!this.#hasNote || this.#due !== undefined) return;
    const leftMs = Math.max(0, this.#notedAtMs + NOTE_EVERY_MS - performance.now());
    this.#due = setTimeout(() => {
      // What cannot be noted lands again after an interruption; a disk that fails is found by who writes the bytes.
      this.note().catch(() => {});
    }, leftMs);
  }

  /** Notes what the file holds. */
  note(): Promise<void> {
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#hasNote = true;
    this.#notedAtMs = performance.now();
    this.#noting = this.#noting.then(async () => {
      const { notePath, writtenBytes } = this.#options;
      const held = new ByteRanges([{ offset: 0, end: writtenBytes() }, ...this.#kept.ranges]);
      await writeFile(`${notePath}.new`, formatNote(held.ranges), { mode: 0o600 });
      await rename(`${notePath}.new`, notePath);
    });
    this.#noting.catch(() => {});
    return this.#noting;
  }

  /** Leaves things as the next landing can take them up; nothing where no byte came out of turn. */
  async leave(): Promise<void> {
    if (!this.#hasNote) return;
    if (this.kept.length > 0) return this.note();
    // Its size says it again.
    await this.#options.file.truncate(this.#options.writtenBytes());
    await this.forget();
  }

  async forget(): Promise<void> {
    clearTimeout(this.#due);
    this.#due = undefined;
    if (!this.#hasNote) return;
    await this.#noting.catch(() => {});
    await rm(this.#options.notePath, { force: true });
    this.#hasNote = false;
  }
}

/** One line a range, `OFFSET END`. */
function formatNote(ranges: readonly ByteRange[]): string {
  return ranges.map(({ offset, end }) => `${offset} ${end}\n`).join('');
}

/** Undefined when there is none. Lines that are not whole are passed over: what they would say lands again. */
async function readNote(path: string): Promise<ByteRange[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return [...text.matchAll(/^(\d{1,15}) (\d{1,15})\n/gm)].map(([, offset, end]) => ({
    offset: Number(offset),
    end: Number(end),
  }));
}
