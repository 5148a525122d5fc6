import type { Clock } from '../../kernel/clock.ts';
import { findPathFigures, type PathFigures } from './path-figures.ts';
import { type ExpectedTime, NOTHING_KNOWN, type PathRun } from './path-run.ts';

/** What is known of how long paths take. */
export type RunSource = {
  /** The newest legs placed at a registry. */
  finishedRuns(registry: string, limit: number): Promise<readonly PathRun[]>;
  /** The newest samples of uploads to it. */
  measuredRuns(registry: string): Promise<readonly PathRun[]>;
};

/** Some weeks of a busy registry; older ones say less of the path as it is. */
const MOST_RUNS = 300;
/** Samples are taken every few minutes at most. */
const MEASURED_KEPT_MS = 60_000;

type Kept = { finished: readonly PathRun[]; measured: readonly PathRun[]; measuredAt: number };

/** How long legs took, registry by registry; kept in memory so that each look at a push has it at once. */
export class PathHistories {
  readonly #source: RunSource;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #kept = new Map<string, Kept>();

  constructor(source: RunSource, clock: Clock, onError: (error: unknown) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#onError = onError;
  }

  async load(registries: readonly string[]): Promise<void> {
    for (const registry of registries) {
      const finished = await this.#source.finishedRuns(registry, MOST_RUNS);
      this.#kept.set(registry, { finished, measured: [], measuredAt: Number.NEGATIVE_INFINITY });
      await this.#measure(registry);
    }
  }

  add(registry: string, run: PathRun): void {
    const kept = this.#of(registry);
    kept.finished = [run, ...kept.finished].slice(0, MOST_RUNS);
  }

  /** What is to be expected of a leg that moves so many bytes (null: not known yet); undefined without any history. */
  find(registry: string, bytes: number | null): PathFigures | undefined {
    const { finished, measured, measuredAt } = this.#of(registry);
    const leg = { bytes, nowMs: this.#clock.nowMs() };
    const byLegs = findPathFigures('history', finished, leg);
    if (byLegs !== undefined) return byLegs;
    // What is known now is answered now; the next look has what was measured meanwhile.
    if (this.#clock.elapsedMs() - measuredAt > MEASURED_KEPT_MS) this.#measure(registry).catch(this.#onError);
    return findPathFigures('benchmark', measured, leg);
  }

  /** Of a leg that has not begun. */
  expect(registry: string, bytes: number | null): ExpectedTime {
    const found = this.find(registry, bytes);
    if (found === undefined) return NOTHING_KNOWN;
    const { basis, samples, wholeMs } = found;
    return { basis, samples, medianMs: wholeMs.median, p90Ms: wholeMs.p90 };
  }

  async #measure(registry: string): Promise<void> {
    const kept = this.#of(registry);
    kept.measuredAt = this.#clock.elapsedMs();
    kept.measured = await this.#source.measuredRuns(registry);
  }

  #of(registry: string): Kept {
    const kept = this.#kept.get(registry) ?? { finished: [], measured: [], measuredAt: Number.NEGATIVE_INFINITY };
    this.#kept.set(registry, kept);
    return kept;
  }
}
