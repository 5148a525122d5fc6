import { ByteRanges } from '../../kernel/byte-ranges.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Failure, isFailure } from '../../kernel/failure.ts';
import type { BlobBody } from '../../registry/registry-client.ts';
import type { BlobAside } from './blob-depot.ts';
import type { WantedRange } from './blob-origin.ts';
import { BytesInTurn } from './bytes-in-turn.ts';
import type { ReplacedCause } from './copy-progress.ts';
import type { Endurance } from './endurance.ts';
import { isRangeTrouble, isRangeUsable, RangesUnusable } from './range-answer.ts';
import type { StripeBudget } from './stripe-budget.ts';
import { StripeCount } from './stripe-count.ts';
import { type Fetcher, type Stripe, StripePlan } from './stripe-plan.ts';

/** Bytes that a connection gathers before it puts them aside. */
const GATHERED_BYTES = 512 * 1024;

const LOOK_EVERY_MS = 200;

/** What all connections bring is measured over at least this, and over so many answering times of the path. */
const MEASURED_MS = 600;
const MEASURED_ANSWERS = 3;

/** After a failure there are no more connections for this long, or for as long as the source asked; half as many when it refused one. */
const GROW_AGAIN_MS = 5_000;

/** A connection is replaced when it has been silent for so many times the path's own answering time, but not sooner than this. */
const SILENT_ANSWERS = 8;
const LEAST_SILENCE_MS = 2_000;

/** Or when, after this time, it is so much slower than the middle one of them all; then none is for as long again. */
const JUDGED_AFTER_MS = 4_000;
const FAR_BELOW = 8;

export type StripedReadingOptions = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly open: (range: Required<WantedRange>, signal: AbortSignal) => Promise<BlobBody>;
  readonly aside: BlobAside;
  readonly endurance: Endurance;
  readonly clock: Clock;
  /** How long the source took to answer the first request: the path's own measure of time. */
  readonly answerMs: number;
  /** Null for one connection at a time, which is all that a near path can use. */
  readonly budget: StripeBudget | null;
  readonly signal: AbortSignal;
  readonly onReplaced: (cause: ReplacedCause) => void;
};

type Connection = { readonly stop: AbortController; stripe: Stripe; isWaiting: boolean; isReplaced: boolean };

/**
 * Reads a blob by several range requests at once, in the order of its bytes. How many follows from what they bring
 * together. A connection that fails leaves its bytes to the others; one that is silent or far slower than they are is
 * replaced; one that has nothing left to do takes over from the slowest what lets both end together.
 */
export class StripedReading {
  readonly #options: StripedReadingOptions;
  readonly #plan: StripePlan;
  readonly #turn: BytesInTurn;
  readonly #connections = new Set<Connection>();
  readonly #running = new Set<Promise<void>>();
  readonly #over = new AbortController();
  readonly #count: StripeCount;
  #arrivedBytes = 0;
  #measured = { atMs: 0, bytes: 0 };
  #growAgainAtMs = 0;
  #mostMeanwhile = 1;
  #replaceAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(front: number, options: StripedReadingOptions) {
    const { aside, sizeBytes, answerMs, budget } = options;
    this.#options = options;
    this.#turn = new BytesInTurn(aside, front, sizeBytes);
    const missing = new ByteRanges(aside.kept).missingOf({ offset: front, end: sizeBytes });
    this.#plan = new StripePlan(missing, answerMs);
    this.#count = new StripeCount(answerMs, budget?.most ?? 1);
  }

  /** `first` is an answer that is there already, to a range that begins with the first missing byte. */
  async *read(first: BlobBody): AsyncGenerator<Uint8Array> {
    const { budget } = this.#options;
    budget?.enter();
    this.#measured = { atMs: this.#now(), bytes: 0 };
    const range = { offset: this.#turn.front, end: first.endsAt ?? this.#options.sizeBytes };
    this.#connect(this.#plan.takeRange(range, this.#now()), first);
    this.#fill();
    const looking = this.#look();
    try {
      yield* this.#turn.read();
    } finally {
      this.#turn.end();
      this.#over.abort();
      await Promise.allSettled([...this.#running, looking]);
      budget?.giveBack();
    }
  }

  /** As many connections as are wanted and have something to fetch; at least one as long as anything is missing. */
  #fill(): void {
    const { budget } = this.#options;
    for (;;) {
      const isExtra = this.#connections.size > 0;
      if (this.#over.signal.aborted || (isExtra && (budget === null || this.#connections.size >= this.#allowed)))
        return;
      const stripe = this.#nextStripe({ rate: 0 });
      if (stripe === undefined) break;
      if (isExtra && budget?.take() !== true) {
        this.#plan.end(stripe);
        return;
      }
      this.#connect(stripe, undefined, isExtra);
    }
    if (this.#connections.size === 0) this.#turn.end();
  }

  get #allowed(): number {
    return this.#now() < this.#growAgainAtMs ? Math.min(this.#mostMeanwhile, this.#count.count) : this.#count.count;
  }

  #nextStripe(fetcher: Fetcher): Stripe | undefined {
    const nowMs = this.#now();
    if (this.#options.budget === null) return this.#plan.take(1, nowMs);
    return (
      this.#plan.hasten(nowMs, fetcher) ??
      this.#plan.take(this.#allowed, nowMs, fetcher) ??
      this.#plan.steal(nowMs, fetcher)
    );
  }

  #connect(stripe: Stripe, answer?: BlobBody, isExtra = false): void {
    const connection = { stop: new AbortController(), stripe, isWaiting: false, isReplaced: false };
    this.#connections.add(connection);
    const running = this.#work(connection, answer).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const ended = running.then(async (failed) => {
      this.#connections.delete(connection);
      if (isExtra) this.#options.budget?.giveBack();
      await this.#ended(connection.isReplaced ? undefined : failed);
    });
    this.#running.add(ended);
    ended.finally(() => this.#running.delete(ended));
  }

  /** Fetches one stripe after the other, until there are none or fewer connections are wanted. */
  async #work(connection: Connection, answer?: BlobBody): Promise<void> {
    for (let given = answer; ; given = undefined) {
      const { stripe } = connection;
      try {
        await this.#fetch(connection, given);
      } catch (error) {
        connection.stop.abort();
        // Others fetch what it had before it.
        if (isTaken(stripe)) return;
        throw error;
      } finally {
        this.#plan.end(stripe);
      }
      if (this.#connections.size > this.#allowed) return;
      const next = this.#nextStripe(stripe);
      if (next === undefined) return;
      connection.stripe = next;
    }
  }

  async #fetch(connection: Connection, given: BlobBody | undefined): Promise<void> {
    const { stripe, stop } = connection;
    const { open, signal, sizeBytes, endurance } = this.#options;
    const wanted = { offset: stripe.position, end: stripe.end };
    const answer = given ?? (await open(wanted, AbortSignal.any([signal, this.#over.signal, stop.signal])));
    const { endsAt } = answer;
    if (endsAt === undefined || !isRangeUsable(answer, wanted, sizeBytes)) throw new RangesUnusable();
    let gathered: Uint8Array[] = [];
    let gatheredAt = stripe.position;
    const handOver = async (): Promise<void> => {
      const pieces = gathered;
      const from = gatheredAt;
      gathered = [];
      gatheredAt = stripe.position;
      connection.isWaiting = true;
      await this.#turn.take(from, pieces);
      connection.isWaiting = false;
      stripe.movedAtMs = this.#now();
    };
    try {
      for await (const received of answer.body) {
        if (stripe.position + received.byteLength > endsAt) throw new RangesUnusable();
        const piece = received.subarray(0, stripe.end - stripe.position);
        gathered.push(piece);
        stripe.position += piece.byteLength;
        stripe.movedAtMs = this.#now();
        this.#arrivedBytes += piece.byteLength;
        endurance.moved();
        if (gatheredAt === this.#turn.front || stripe.position - gatheredAt >= GATHERED_BYTES) await handOver();
        // Another connection has taken the rest over.
        if (stripe.position >= stripe.end && stripe.end < endsAt) break;
      }
    } finally {
      if (gathered.length > 0) await handOver();
    }
    if (stripe.position >= Math.min(stripe.end, endsAt)) return;
    throw new Failure(
      'connection_lost',
      `blob read: bytes ${wanted.offset}–${wanted.end} of ${this.#options.digest} ended at ${stripe.position}`,
    );
  }

  /** A connection has ended: others go on with what it has left. */
  async #ended(failed: { readonly error: unknown } | undefined): Promise<void> {
    if (this.#over.signal.aborted) return;
    const { signal, endurance } = this.#options;
    if (signal.aborted) return this.#turn.end(signal.reason);
    if (failed !== undefined) {
      const { error } = failed;
      if (error instanceof RangesUnusable || isRangeTrouble(error)) return this.#turn.end(new RangesUnusable());
      if (!isFailure(error) || error.details.side === 'here') return this.#turn.end(error);
      this.#count.failed();
      this.#growAgainAtMs = this.#now() + Math.max(error.details.retryAfterMs ?? 0, GROW_AGAIN_MS);
      const isRefused = isFailure(error, 'remote_rate_limited', 'remote_unavailable');
      this.#mostMeanwhile = Math.max(1, Math.ceil(this.#connections.size / (isRefused ? 2 : 1)));
      // As long as others bring bytes there is no need to wait for this one.
      if (this.#connections.size > 0) return;
      try {
        await endurance.endure(error);
      } catch (end) {
        return this.#turn.end(end);
      }
    }
    this.#fill();
  }

  /** Looks at how things go, now and then. */
  async #look(): Promise<void> {
    const { clock, budget } = this.#options;
    while (budget !== null && !this.#over.signal.aborted) {
      try {
        await clock.sleep(LOOK_EVERY_MS, this.#over.signal);
      } catch {
        return;
      }
      this.#plan.look(this.#now());
      this.#measure();
      this.#replaceSlow();
      if (this.#connections.size > 0) this.#fill();
    }
  }

  #measure(): void {
    const { atMs, bytes } = this.#measured;
    const passedMs = this.#now() - atMs;
    if (passedMs < Math.max(MEASURED_MS, MEASURED_ANSWERS * this.#options.answerMs)) return;
    this.#measured = { atMs: this.#now(), bytes: this.#arrivedBytes };
    // With fewer connections than wanted nothing is learnt of how many are good.
    if (this.#connections.size === this.#count.count)
      this.#count.observe(((this.#arrivedBytes - bytes) / passedMs) * 1_000);
  }

  #replaceSlow(): void {
    const nowMs = this.#now();
    const silenceMs = Math.max(LEAST_SILENCE_MS, SILENT_ANSWERS * this.#options.answerMs);
    const usual = this.#plan.usualRate;
    const isPathAlive = [...this.#connections].some(({ stripe }) => nowMs - stripe.movedAtMs < silenceMs / 2);
    for (const connection of this.#connections) {
      const { stripe, isWaiting } = connection;
      if (isWaiting || connection.isReplaced) continue;
      // One that has just brought its last byte is about to end by itself, and goes on over the same connection.
      if (isTaken(stripe) && nowMs - stripe.movedAtMs > LOOK_EVERY_MS) connection.stop.abort();
      const isSilent = isPathAlive && nowMs - stripe.movedAtMs > silenceMs;
      const isJudged = nowMs > this.#replaceAgainAtMs && nowMs - stripe.begunAtMs > JUDGED_AFTER_MS;
      const isSlow = isJudged && stripe.rate < usual / FAR_BELOW;
      if (!isSilent && !isSlow) continue;
      if (isSlow) this.#replaceAgainAtMs = nowMs + JUDGED_AFTER_MS;
      connection.isReplaced = true;
      this.#options.onReplaced(isSilent ? 'stalled' : 'slow');
      connection.stop.abort();
    }
  }

  #now(): number {
    return this.#options.clock.elapsedMs();
  }
}

/** Has another connection taken over all that it had left? What it has gathered is handed over when it ends. */
function isTaken({ position, end }: Stripe): boolean {
  return position >= end;
}
