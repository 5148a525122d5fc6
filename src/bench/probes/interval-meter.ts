import type { Clock } from '../../kernel/clock.ts';

export const INTERVAL_MS = 250;

/** Reads a running total at a steady beat, and keeps what came in each interval. */
export class IntervalMeter {
  readonly #clock: Clock;
  readonly #readTotal: () => number;
  readonly #stopping = new AbortController();
  readonly #intervals: number[] = [];
  #startedMs = 0;
  #total = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(clock: Clock, readTotal: () => number) {
    this.#clock = clock;
    this.#readTotal = readTotal;
  }

  start(): void {
    this.#startedMs = this.#clock.elapsedMs();
    this.#total = this.#readTotal();
    this.#running = this.#run();
  }

  /** The intervals so far; what is left of a last one belongs to it when it is half of one or more. */
  async stop(): Promise<readonly number[]> {
    this.#stopping.abort();
    await this.#running;
    this.#read(Math.round((this.#clock.elapsedMs() - this.#startedMs) / INTERVAL_MS));
    return this.#intervals;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const nextMs = this.#startedMs + (this.#intervals.length + 1) * INTERVAL_MS;
      await this.#clock.sleep(nextMs - this.#clock.elapsedMs(), signal).catch(() => {});
      if (!signal.aborted) this.#read(Math.floor((this.#clock.elapsedMs() - this.#startedMs) / INTERVAL_MS));
    }
  }

  /** A beat that comes late stands for all that were missed: their bytes are spread, so that no pause appears that was ours. */
  #read(upTo: number): void {
    const beats = upTo - this.#intervals.length;
    if (beats <= 0) return;
    const total = this.#readTotal();
    const bytes = Math.max(total - this.#total, 0);
    this.#total += bytes;
    this.#intervals.push(...spreadOver(beats, bytes));
  }
}

/** Bytes in as many intervals, as evenly as whole numbers go. */
export function spreadOver(intervals: number, bytes: number): readonly number[] {
  return Array.from(
    { length: intervals },
    (_, at) => Math.floor((bytes * (at + 1)) / intervals) - Math.floor((bytes * at) / intervals),
  );
}
