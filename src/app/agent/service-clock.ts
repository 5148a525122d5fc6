import type { Clock } from '../../kernel/clock.ts';

/** A question to the service: when it left and its answer came, here, and when it came and its answer left, there. */
export type ClockExchange = {
  /** By the clock here that never jumps. */
  readonly sentMs: number;
  readonly gotMs: number;
  /** Milliseconds since the epoch, by the service's clock. */
  readonly receivedAt: number;
  readonly answeredAt: number;
};

type Comparison = { readonly offsetMs: number; readonly roundTripMs: number; readonly gotMs: number };

/** Clocks drift apart by some milliseconds within this. */
const FRESH_MS = 10 * 60_000;
const MOST_KEPT = 16;
/** Both clocks tell whole milliseconds. */
const RESOLUTION_MS = 2;

/**
 * The time that it is at the service. Of the exchanges of the last ten minutes the one with the shortest way there and
 * back counts, as in NTP (RFC 5905, sections 8 and 10): what it says is off by half of that at most. The clock on this
 * machine's wall plays no part, so it may be wrong and may jump.
 */
export class ServiceClock {
  readonly #clock: Clock;
  #kept: Comparison[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ sentMs, gotMs, receivedAt, answeredAt }: ClockExchange): void {
    const roundTripMs = gotMs - sentMs - (answeredAt - receivedAt);
    // The service's clock was set meanwhile.
    if (roundTripMs < -RESOLUTION_MS) return;
    const offsetMs = (receivedAt - sentMs + (answeredAt - gotMs)) / 2;
    const next = { offsetMs, roundTripMs: Math.max(roundTripMs, 0), gotMs };
    // Two that cannot both be true: one of the clocks was set, or this machine slept.
    const agrees = (other: Comparison) =>
      Math.abs(other.offsetMs - offsetMs) <= (other.roundTripMs + next.roundTripMs) / 2 + RESOLUTION_MS;
    const fresh = (other: Comparison) => gotMs - other.gotMs < FRESH_MS;
    this.#kept = [...this.#kept.filter((other) => fresh(other) && agrees(other)), next].slice(-MOST_KEPT);
  }

  /** How often the clocks were compared of late. */
  get comparisons(): number {
    const nowMs = this.#clock.elapsedMs();
    return this.#kept.filter(({ gotMs }) => nowMs - gotMs < FRESH_MS).length;
  }

  /** How far the clock on this machine's wall is behind the service's; undefined while they were not compared. */
  get wallOffsetMs(): number | undefined {
    return this.#best === undefined ? undefined : this.nowMs() - this.#clock.nowMs();
  }

  /** Milliseconds since the epoch. This machine's own while the clocks were not compared. */
  nowMs(): number {
    const best = this.#best;
    return best === undefined ? this.#clock.nowMs() : Math.round(this.#clock.elapsedMs() + best.offsetMs);
  }

  /** A clock that reads so, for those who want one. */
  asClock(): Clock {
    return {
      nowMs: () => this.nowMs(),
      elapsedMs: () => this.#clock.elapsedMs(),
      sleep: (ms, signal) => this.#clock.sleep(ms, signal),
    };
  }

  get #best(): Comparison | undefined {
    return this.#kept.reduce<Comparison | undefined>(
      (best, each) => (best === undefined || each.roundTripMs < best.roundTripMs ? each : best),
      undefined,
    );
  }
}
