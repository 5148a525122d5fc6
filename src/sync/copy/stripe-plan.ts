import { type ByteRange, ByteRanges } from '../../kernel/byte-ranges.ts';

/** The bytes that one connection fetches: from `position`, which moves on as they come, to `end`, which may come nearer. */
export type Stripe = {
  position: number;
  end: number;
  /** For judging how fast it is. */
  readonly begunAtMs: number;
  readonly begunAt: number;
  movedAtMs: number;
};

/** Less than this is not worth a round trip of its own; more than this would leave the front of the blob far behind. */
const LEAST_BYTES = 2 * 1024 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;

/** Less than this of a slow stripe is not worth another connection. */
const LEAST_STOLEN_BYTES = 512 * 1024;

/**
 * Which bytes of a blob are still to be fetched, and by whom. Stripes are given out from the front, so that what
 * follows the landing in order is not kept waiting, and become smaller towards the end, so that all end together.
 */
export class StripePlan {
  readonly #gaps: ByteRanges;
  readonly #stripes = new Set<Stripe>();

  constructor(missing: Iterable<ByteRange>) {
    this.#gaps = new ByteRanges(missing);
  }

  /** The first bytes that nobody fetches, as many as suits `connections` that share the rest. */
  take(connections: number, nowMs: number): Stripe | undefined {
    const [first] = this.#gaps.ranges;
    if (first === undefined) return undefined;
    const share = this.#gaps.bytes / (2 * Math.max(1, connections));
    const bytes = Math.min(Math.max(share, LEAST_BYTES), MOST_BYTES);
    // A scrap at the end of a gap would cost a request of its own.
    const end = first.end - first.offset < bytes + LEAST_BYTES / 2 ? first.end : first.offset + Math.round(bytes);
    return this.takeRange({ offset: first.offset, end }, nowMs);
  }

  /** These very bytes. */
  takeRange(range: ByteRange, nowMs: number): Stripe {
    this.#gaps.remove(range);
    const { offset, end } = range;
    const stripe = { position: offset, end, begunAt: offset, begunAtMs: nowMs, movedAtMs: nowMs };
    this.#stripes.add(stripe);
    return stripe;
  }

  /**
   * The latter half of the stripe that would last longest, for a connection that has nothing else to do; undefined when
   * none would last longer than `worthMs`.
   */
  steal(nowMs: number, worthMs: number): Stripe | undefined {
    let victim: Stripe | undefined;
    let longestMs = worthMs;
    for (const stripe of this.#stripes) {
      const left = stripe.end - stripe.position;
      const lastsMs = left / rateOf(stripe, nowMs);
      if (left < 2 * LEAST_STOLEN_BYTES || lastsMs <= longestMs) continue;
      victim = stripe;
      longestMs = lastsMs;
    }
    if (victim === undefined) return undefined;
    const { end } = victim;
    victim.end = victim.position + Math.ceil((end - victim.position) / 2);
    return this.takeRange({ offset: victim.end, end }, nowMs);
  }

  /** The stripe ends here; what it has not fetched is for others. */
  end(stripe: Stripe): void {
    if (!this.#stripes.delete(stripe)) return;
    this.#gaps.add({ offset: stripe.position, end: stripe.end });
  }
}

/** Bytes per millisecond since the stripe began. */
export function rateOf(stripe: Stripe, nowMs: number): number {
  return (stripe.position - stripe.begunAt) / Math.max(1, nowMs - stripe.begunAtMs);
}
