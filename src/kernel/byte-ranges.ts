/** Bytes `[offset, end)`. */
export type ByteRange = { readonly offset: number; readonly end: number };

/** A set of bytes as the fewest ranges that make it up, in rising order. */
export class ByteRanges {
  #ranges: ByteRange[] = [];

  constructor(ranges: Iterable<ByteRange> = []) {
    for (const range of ranges) this.add(range);
  }

  get ranges(): readonly ByteRange[] {
    return this.#ranges;
  }

  get bytes(): number {
    return this.#ranges.reduce((sum, { offset, end }) => sum + end - offset, 0);
  }

  add(range: ByteRange): void {
    if (range.end <= range.offset) return;
    const before = this.#ranges.filter(({ end }) => end < range.offset);
    const after = this.#ranges.filter(({ offset }) => offset > range.end);
    const touched = this.#ranges.slice(before.length, this.#ranges.length - after.length);
    const offset = Math.min(range.offset, ...touched.map((each) => each.offset));
    const end = Math.max(range.end, ...touched.map((each) => each.end));
    this.#ranges = [...before, { offset, end }, ...after];
  }

  remove(range: ByteRange): void {
    if (range.end <= range.offset) return;
    this.#ranges = this.#ranges.flatMap(({ offset, end }) =>
      [
        { offset, end: Math.min(end, range.offset) },
        { offset: Math.max(offset, range.end), end },
      ].filter((left) => left.end > left.offset),
    );
  }

  /** The range that holds the byte at `offset`. */
  find(offset: number): ByteRange | undefined {
    return this.#ranges.find((range) => range.offset <= offset && offset < range.end);
  }

  /** What of `range` is not in the set, in rising order. */
  missingOf(range: ByteRange): ByteRange[] {
    const missing = new ByteRanges([range]);
    for (const each of this.#ranges) missing.remove(each);
    return [...missing.ranges];
  }
}
