/** Buckets come in neighbourhoods: room for so many more is made at once. */
const ROOM = 32;

/** Counts by whole number, for numbers that lie near each other: an array over the span that occurs. */
export class BucketCounts {
  #first = 0;
  #counts = new Float64Array(0);

  add(bucket: number, count: number): void {
    const at = bucket - this.#first;
    if (at < 0 || at >= this.#counts.length) this.#reach(bucket);
    const slot = bucket - this.#first;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + count;
  }

  /** In ascending order, those that were counted. */
  visit(each: (bucket: number, count: number) => void): void {
    for (let at = 0; at < this.#counts.length; at += 1) {
      const count = this.#counts[at] ?? 0;
      if (count > 0) each(this.#first + at, count);
    }
  }

  #reach(bucket: number): void {
    const end = this.#first + this.#counts.length;
    const isEmpty = this.#counts.length === 0;
    const first = isEmpty ? bucket - ROOM : Math.min(this.#first, bucket - ROOM);
    const last = isEmpty ? bucket + ROOM : Math.max(end, bucket + ROOM);
    const counts = new Float64Array(last - first);
    counts.set(this.#counts, isEmpty ? 0 : this.#first - first);
    this.#first = first;
    this.#counts = counts;
  }
}
