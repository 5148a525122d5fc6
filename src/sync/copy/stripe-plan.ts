import { type ByteRange, ByteRanges } from '../../kernel/byte-ranges.ts';

/** The bytes that one connection fetches: from `position`, which moves on as they come, to `end`, which may come nearer. */
export type Stripe = {
  position: number;
  end: number;
  readonly begunAtMs: number;
  movedAtMs: number;
  /** Bytes per millisecond of the connection that fetches it, the latest counting most; 0 while nothing is known. */
  rate: number;
  /** What `rate` was last reckoned from. */
  readonly looked: { atMs: number; position: number };
};

/** Who is to fetch something, and how fast that one was before; 0 for a connection that is new. */
export type Fetcher = { readonly rate: number };

/** Bytes from `from` on that another connection would fetch, where the stripe alone would last so long. */
type Takeover = { readonly victim: Stripe; readonly from: number; readonly aloneMs: number };

/** Less than this is not worth a request; more would leave the front of the blob far behind. */
const LEAST_BYTES = 512 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;

/** A request costs an answering time, so that a stripe should last several of them. */
const LEAST_ANSWERS = 6;

/** Less than this is not taken away from a connection; nor is what would come sooner by less than this. */
const LEAST_STOLEN_BYTES = 64 * 1024;
const WORTH_ANSWERS = 0.5;
const WORTH_MS = 100;

/** What has come may wait so long for a foremost stripe that is so much slower than others before another connection helps. */
const HELD_UP_MS = 2_000;
const FAR_BEHIND = 2;

/** So many answering times a new connection is taken to become as fast as the others. */
const STARTING_ANSWERS = 4;

/** How much of the latest look goes into a rate: with five looks a second, about the last second counts. */
const LATEST_SHARE = 0.25;

/**
 * Which bytes of a blob are still to be fetched, and by whom. Stripes are given out from the front, so that what
 * follows the landing in order is not kept waiting, to each connection as many as it is fast, and less and less towards
 * the end. Then who has nothing left takes over from the one that would last longest what makes both end together.
 */
export class StripePlan {
  readonly #gaps: ByteRanges;
  readonly #stripes = new Set<Stripe>();
  readonly #answerMs: number;

  /** `answerMs` is how long the source takes to answer a request. */
  constructor(missing: Iterable<ByteRange>, answerMs: number) {
    this.#gaps = new ByteRanges(missing);
    this.#answerMs = answerMs;
  }

  /** Bytes per millisecond that a connection is taken for of which nothing is known: the middle of what is known. */
  get usualRate(): number {
    const known = [...this.#stripes].map(({ rate }) => rate).filter((rate) => rate > 0);
    return known.sort((a, b) => a - b)[Math.floor(known.length / 2)] ?? 0;
  }

  /** The first bytes that nobody fetches, as many as suit one of `connections` that share the rest. */
  take(connections: number, nowMs: number, fetcher: Fetcher = { rate: 0 }): Stripe | undefined {
    const [first] = this.#gaps.ranges;
    if (first === undefined) return undefined;
    const usual = this.usualRate;
    const rate = fetcher.rate === 0 ? usual : fetcher.rate;
    const speed = usual === 0 ? 1 : rate / usual;
    const share = (this.#gaps.bytes / (2 * Math.max(1, connections))) * speed;
    const least = Math.max(LEAST_BYTES, rate * LEAST_ANSWERS * this.#answerMs);
    const bytes = Math.min(Math.max(share, least), MOST_BYTES);
    // A scrap at the end of a gap would cost a request of its own.
    const end = first.end - first.offset < bytes + LEAST_BYTES / 2 ? first.end : first.offset + Math.round(bytes);
    return this.takeRange({ offset: first.offset, end }, nowMs, fetcher);
  }

  /** These very bytes. */
  takeRange(range: ByteRange, nowMs: number, { rate }: Fetcher = { rate: 0 }): Stripe {
    this.#gaps.remove(range);
    const { offset, end } = range;
    const looked = { atMs: nowMs, position: offset };
    const stripe = { position: offset, end, begunAtMs: nowMs, movedAtMs: nowMs, rate, looked };
    this.#stripes.add(stripe);
    return stripe;
  }

  /**
   * For a connection that is free, the latter part of the foremost stripe where that one holds up for long all that has
   * come behind it.
   */
  hasten(nowMs: number, fetcher: Fetcher = { rate: 0 }): Stripe | undefined {
    let foremost: Stripe | undefined;
    for (const stripe of this.#stripes)
      if (foremost === undefined || stripe.position < foremost.position) foremost = stripe;
    if (foremost === undefined || this.#rateOf(foremost, nowMs) > this.usualRate / FAR_BEHIND) return undefined;
    const takeover = this.#weigh(foremost, nowMs, fetcher);
    return takeover !== undefined && takeover.aloneMs > HELD_UP_MS
      ? this.#takeOver(takeover, nowMs, fetcher)
      : undefined;
  }

  /**
   * For a connection that has nothing else to do, the latter part of the stripe that would last longest: as much as
   * lets both end at the same time. Undefined where that would not bring the end nearer.
   */
  steal(nowMs: number, fetcher: Fetcher = { rate: 0 }): Stripe | undefined {
    let best: Takeover | undefined;
    for (const victim of this.#stripes) {
      const takeover = this.#weigh(victim, nowMs, fetcher);
      if (takeover !== undefined && takeover.aloneMs > (best?.aloneMs ?? 0)) best = takeover;
    }
    return best === undefined ? undefined : this.#takeOver(best, nowMs, fetcher);
  }

  /** The stripe ends here; what it has not fetched is for others. */
  end(stripe: Stripe): void {
    if (!this.#stripes.delete(stripe)) return;
    this.#gaps.add({ offset: stripe.position, end: stripe.end });
  }

  /** Reckons how fast each stripe comes. To be called several times a second. */
  look(nowMs: number): void {
    for (const stripe of this.#stripes) {
      const { looked, position, rate } = stripe;
      const passedMs = nowMs - looked.atMs;
      if (passedMs <= 0) continue;
      const latest = (position - looked.position) / passedMs;
      stripe.rate = rate === 0 ? latest : rate + LATEST_SHARE * (latest - rate);
      Object.assign(looked, { atMs: nowMs, position });
    }
  }

  /** What to take from a stripe so that both end together; undefined where that is not worth a request. */
  #weigh(victim: Stripe, nowMs: number, fetcher: Fetcher): Takeover | undefined {
    const usual = this.usualRate;
    const rate = this.#rateOf(victim, nowMs);
    const otherRate = fetcher.rate === 0 ? usual : fetcher.rate;
    const left = victim.end - victim.position;
    const aloneMs = left / rate;
    // Both at work from when the other is answered.
    const togetherMs = (left + otherRate * this.#answerMs) / (rate + otherRate);
    const kept = Math.ceil(rate * togetherMs);
    const worthMs = Math.max(WORTH_MS, WORTH_ANSWERS * this.#answerMs);
    const isWorthIt = aloneMs - togetherMs > worthMs && left - kept >= LEAST_STOLEN_BYTES;
    return isWorthIt ? { victim, from: victim.position + kept, aloneMs } : undefined;
  }

  /** As it is, or as it is taken to become. */
  #rateOf(stripe: Stripe, nowMs: number): number {
    const isStarting = nowMs - stripe.begunAtMs < STARTING_ANSWERS * this.#answerMs;
    return isStarting ? Math.max(stripe.rate, this.usualRate) : stripe.rate;
  }

  #takeOver({ victim, from }: Takeover, nowMs: number, fetcher: Fetcher): Stripe {
    const { end } = victim;
    victim.end = from;
    return this.takeRange({ offset: from, end }, nowMs, fetcher);
  }
}
