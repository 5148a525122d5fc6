import { BucketCounts } from './bucket-counts.ts';

/** Relative error of every value that is read back, and so of every quantile: half of what reports promise. */
const ERROR = 0.005;
const GAMMA = (1 + ERROR) / (1 - ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** What is below counts as nothing: a nanosecond, where values are seconds. */
const LEAST = 1e-9;

/**
 * Quantiles of positive numbers from counts in buckets whose width grows with the value: DDSketch (Masson, Rim and Lee,
 * VLDB 2019). Two sketches merge by adding their counts, and the result is exactly the sketch of all values. Some
 * hundred bytes hold an hour of any length.
 */
export class QuantileSketch {
  readonly #buckets = new BucketCounts();
  #zeros = 0;
  #count = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** What is not a number of 0 or more is refused with `false`. */
  add(value: number): boolean {
    if (!Number.isFinite(value) || value < 0) return false;
    if (value < LEAST) this.#zeros += 1;
    else this.#buckets.add(bucketOf(value), 1);
    this.#count += 1;
    this.#least = Math.min(this.#least, value);
    this.#greatest = Math.max(this.#greatest, value);
    return true;
  }

  merge(other: QuantileSketch): void {
    other.#buckets.visit((bucket, count) => {
      this.#buckets.add(bucket, count);
    });
    this.#zeros += other.#zeros;
    this.#count += other.#count;
    this.#least = Math.min(this.#least, other.#least);
    this.#greatest = Math.max(this.#greatest, other.#greatest);
  }

  /** Undefined while empty. */
  quantile(p: number): number | undefined {
    return this.quantiles([p])[0];
  }

  /**
   * For ascending `ps`, in one walk; none while empty. Interpolated between order statistics as those of raw values are
   * (`quantile.ts`): of a few samples the lower neighbour would hide the slowest.
   */
  quantiles(ps: readonly number[]): number[] {
    if (this.#count === 0) return [];
    const found: number[] = [];
    let [passedBefore, valueBefore] = [0, 0];
    const take = (value: number, passed: number) => {
      for (let p = ps[found.length]; p !== undefined; p = ps[found.length]) {
        if (p <= 0 || p >= 1) {
          found.push(p <= 0 ? this.#least : this.#greatest);
          continue;
        }
        const at = p * (this.#count - 1);
        if (Math.ceil(at) >= passed) break;
        const below = Math.floor(at) < passedBefore ? valueBefore : value;
        found.push(below + (value - below) * (at - Math.floor(at)));
      }
      [passedBefore, valueBefore] = [passed, value];
    };
    let passed = this.#zeros;
    take(0, passed);
    this.#buckets.visit((bucket, count) => {
      passed += count;
      take(this.#within((2 * GAMMA ** bucket) / (GAMMA + 1)), passed);
    });
    return found;
  }

  #within(value: number): number {
    return Math.min(this.#greatest, Math.max(this.#least, value));
  }

  /** For storage. The first byte is the form's version. */
  toBytes(): Buffer {
    const bytes: number[] = [];
    pushNumber(bytes, this.#zeros);
    let last = 0;
    this.#buckets.visit((bucket, count) => {
      pushNumber(bytes, zigzag(bucket - last));
      pushNumber(bytes, count);
      last = bucket;
    });
    const head = Buffer.alloc(HEAD);
    head.writeUInt8(VERSION, 0);
    head.writeDoubleLE(this.#least, 1);
    head.writeDoubleLE(this.#greatest, 9);
    return Buffer.concat([head, Buffer.from(bytes)]);
  }

  /** Adds what `toBytes` wrote, which lies between `start` and `end`. Throws RangeError for bytes of another form. */
  mergeBytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (end > bytes.length || end - start < HEAD + 1 || bytes[start] !== VERSION)
      throw new RangeError('These bytes are no sketch of this version');
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, HEAD);
    this.#least = Math.min(this.#least, view.getFloat64(1, true));
    this.#greatest = Math.max(this.#greatest, view.getFloat64(9, true));
    let bucket = 0;
    let field = 0;
    let [value, factor] = [0, 1];
    for (let at = start + HEAD; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte >= 0x80) continue;
      // First the zeros, then steps from bucket to bucket and counts, by turns.
      if (field % 2 === 1) bucket += value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      else {
        this.#count += value;
        if (field === 0) this.#zeros += value;
        else this.#buckets.add(bucket, value);
      }
      field += 1;
      value = 0;
      factor = 1;
    }
    if (factor !== 1 || field % 2 === 0) throw new RangeError('The bytes of this sketch end early');
  }
}

/** Of the bytes: version, least and greatest value. */
const HEAD = 17;
const VERSION = 1;

function bucketOf(value: number): number {
  return Math.ceil(Math.log(value) / LOG_GAMMA);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Seven bits a byte, the least first, as protocol buffers write numbers. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}
