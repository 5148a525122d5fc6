/** Bytes in pieces, for whoever takes one after the other; who wants no more before their end says so. A `Readable` is one. */
export type PieceStream = AsyncIterable<Uint8Array> & { destroy(): void };

/**
 * What a generator gives, as it is asked for, and `onClose` once: when it has ended or failed, or nobody wants more of it,
 * also where nobody ever took a piece. Takes a fraction of what a `Readable` around it would take for each piece. `first` is
 * what the generator gave already.
 */
export function closingPieces(
  pieces: AsyncGenerator<Uint8Array, void>,
  onClose: () => void,
  first?: IteratorResult<Uint8Array, void>,
): PieceStream {
  return new ClosingPieces(pieces, onClose, first);
}

class ClosingPieces implements PieceStream, AsyncIterableIterator<Uint8Array, void> {
  readonly #pieces: AsyncGenerator<Uint8Array, void>;
  #first: IteratorResult<Uint8Array, void> | undefined;
  #onClose: (() => void) | undefined;

  constructor(
    pieces: AsyncGenerator<Uint8Array, void>,
    onClose: () => void,
    first: IteratorResult<Uint8Array, void> | undefined,
  ) {
    this.#pieces = pieces;
    this.#onClose = onClose;
    this.#first = first;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, void>> {
    const first = this.#first;
    this.#first = undefined;
    const next = first === undefined ? this.#pieces.next() : Promise.resolve(first);
    next.then(
      ({ done }) => done && this.#close(),
      () => this.#close(),
    );
    return next;
  }

  return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#first = undefined;
    // Whatever it is waiting for is given up first: until then it would not hear that nobody wants more.
    this.#close();
    return this.#pieces.return();
  }

  destroy(): void {
    this.return().catch(() => {});
  }

  #close(): void {
    this.#onClose?.();
    this.#onClose = undefined;
  }
}
