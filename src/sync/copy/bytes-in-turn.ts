import type { ByteRange } from '../../kernel/byte-ranges.ts';
import type { BlobAside } from './blob-depot.ts';

/** Bytes in memory for a reader that is not there yet. Who brings more waits. */
const WAITING_BYTES = 1024 * 1024;

/**
 * Brings what several connections fetch into one order: bytes whose turn it is are handed on as they are, all others
 * are put aside and read back when the front has come to them. At most one connection is at the front.
 */
export class BytesInTurn {
  readonly #aside: BlobAside;
  readonly #end: number;
  readonly #queue: (Uint8Array | ByteRange)[] = [];
  #front: number;
  #waitingBytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(aside: BlobAside, front: number, end: number) {
    this.#aside = aside;
    this.#front = front;
    this.#end = end;
    this.#passKept();
  }

  /** Offset up to which all bytes were handed on. */
  get front(): number {
    return this.#front;
  }

  get isWhole(): boolean {
    return this.#front >= this.#end;
  }

  /** Takes pieces that follow each other from `offset` on; resolves when there is room for more. */
  async take(offset: number, pieces: readonly Uint8Array[]): Promise<void> {
    if (offset !== this.#front) {
      await this.#aside.put(offset, pieces);
      this.#passKept();
      return;
    }
    for (const piece of pieces) {
      this.#queue.push(piece);
      this.#waitingBytes += piece.byteLength;
      this.#front += piece.byteLength;
    }
    this.#passKept();
    this.#tell();
    while (this.#waitingBytes > WAITING_BYTES && this.#failure === undefined) await this.#changed.promise;
  }

  /** Nothing more comes: whoever reads gets this, or the end, once all before was read. */
  end(error?: unknown): void {
    this.#failure ??= { error };
    this.#tell();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#queue.shift();
      if (next instanceof Uint8Array) {
        this.#waitingBytes -= next.byteLength;
        if (this.#waitingBytes <= WAITING_BYTES) this.#tell();
        yield next;
      } else if (next !== undefined) yield* this.#aside.read(next);
      else if (this.isWhole) return;
      else if (this.#failure !== undefined) {
        if (this.#failure.error === undefined) return;
        throw this.#failure.error;
      } else await this.#changed.promise;
    }
  }

  /** Hands on what was put aside where the front has come to. */
  #passKept(): void {
    const { kept } = this.#aside;
    for (
      let here = kept.find(({ offset, end }) => offset <= this.#front && this.#front < end);
      here !== undefined;
      here = kept.find(({ offset, end }) => offset <= this.#front && this.#front < end)
    ) {
      this.#queue.push({ offset: this.#front, end: here.end });
      this.#front = here.end;
      this.#tell();
    }
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
