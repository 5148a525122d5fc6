import type { Clock } from '../../kernel/clock.ts';
import { type ProbeTimes, settleRoundTrips } from './probe-times.ts';

/** Unanswered for so long, a probe is lost. */
const PATIENCE_MS = 3_000;
/** Probes under way at once: a late answer must not hold the next beat up, or slow times would be asked less often. */
const AT_ONCE = 8;

export type ProbeTarget = {
  /** One small question and its answer. */
  ask(signal: AbortSignal): Promise<void>;
  /** How many connections were made so far. */
  connectionsMade(): number;
  /** What the kernel saw of the question that was answered last, milliseconds; undefined where it does not tell. */
  takeRoundTrip?(): number | undefined;
};

/** Asks at a steady beat and keeps the round trips. A probe that had to connect first is no round trip and is left out. */
export class LatencyProbe {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #beatMs: number;
  #series: (ProbeTimes | null)[] = [];
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(target: ProbeTarget, clock: Clock, beatMs: number) {
    this.#target = target;
    this.#clock = clock;
    this.#beatMs = beatMs;
  }

  start(): void {
    this.#series = [];
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Milliseconds by beat, null for what was lost; probes that are under way yet do not count. */
  async stop(): Promise<readonly (number | null)[]> {
    this.#stopping?.abort();
    await this.#running;
    return settleRoundTrips(this.#series);
  }

  async #run(stopping: AbortSignal): Promise<void> {
    const startedMs = this.#clock.elapsedMs();
    const underWay = new Set<Promise<void>>();
    for (let beat = 0; !stopping.aborted; beat += 1) {
      if (underWay.size < AT_ONCE) {
        const one = this.#ask(stopping).finally(() => underWay.delete(one));
        underWay.add(one);
      }
      const nextMs = startedMs + (beat + 1) * this.#beatMs;
      await this.#clock.sleep(nextMs - this.#clock.elapsedMs(), stopping).catch(() => {});
    }
    await Promise.all(underWay);
  }

  async #ask(stopping: AbortSignal): Promise<void> {
    const series = this.#series;
    const made = this.#target.connectionsMade();
    const startedMs = this.#clock.elapsedMs();
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      await this.#target.ask(AbortSignal.any([stopping, patience]));
      const ownMs = this.#clock.elapsedMs() - startedMs;
      const kernelMs = this.#target.takeRoundTrip?.();
      if (this.#target.connectionsMade() === made) series.push({ ownMs, kernelMs });
    } catch {
      this.#target.takeRoundTrip?.();
      if (!stopping.aborted) series.push(null);
    }
  }
}
