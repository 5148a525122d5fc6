/**
 * The newest bytes of a landing blob, kept in memory so that legs which keep up need not read the disk. Pieces leave
 * from the front, but never before they are written.
 */
export class LandingWindow {
  readonly #limitBytes: number;
  readonly #pieces: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #start: number;
  #end: number;

  constructor(start: number, limitBytes: number) {
    this.#start = start;
    this.#end = start;
    this.#limitBytes = limitBytes;
  }

  /** First offset that is still here. */
  get start(): number {
    return this.#start;
  }

  /** Offset after the last byte that has arrived. */
  get end(): number {
    return this.#end;
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push({ start: this.#end, bytes });
    this.#end += bytes.byteLength;
  }

  /** Would another piece make the window larger than it should be? */
  get isFull(): boolean {
    return this.#end - this.#start >= this.#limitBytes;
  }

  /** Lets go of old pieces until the window fits again; those at or after `keepFrom` stay. */
  trim(keepFrom: number): void {
    while (this.isFull) {
      const first = this.#pieces[0];
      if (first === undefined || first.start + first.bytes.byteLength > keepFrom) return;
      this.#pieces.shift();
      this.#start = first.start + first.bytes.byteLength;
    }
  }

  /** The bytes from `offset` to the end of their piece, at most up to `end`; undefined when they are not here. */
  at(offset: number, end: number): Uint8Array | undefined {
    if (offset < this.#start || offset >= this.#end) return undefined;
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[low];
    if (piece === undefined) return undefined;
    return piece.bytes.subarray(offset - piece.start, end - piece.start);
  }
}
