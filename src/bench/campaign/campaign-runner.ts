import { isFailure } from '../../kernel/failure.ts';
import { localTimes } from '../recommend/local-time.ts';
import type { BenchmarkRecord } from './benchmark-record.ts';
import type { BenchmarkWait } from './benchmark-wait.ts';
import { type BytesAtRegistry, hasRoom } from './budget.ts';
import type { BenchmarksOptions } from './open-benchmarks.ts';
import { planRound, type RoundStep } from './round-order.ts';
import { sampleId } from './sample-id.ts';

/** How often a campaign that waits for its budget or for the end of quiet hours looks again. */
const LOOK_MS = 60_000;
/** After what the store did not take. */
const RETRY_MS = 2_000;

type Wait = BenchmarkWait | null;

/** Runs campaigns one after the other: two that measure at once measure each other. */
export class CampaignRunner {
  readonly #options: BenchmarksOptions;
  readonly #localTime: ReturnType<typeof localTimes>;
  readonly #queue: string[] = [];
  readonly #closing = new AbortController();
  #current: { readonly id: string; readonly stop: AbortController; readonly waits: Map<string, Wait> } | undefined;
  /** What the samples under way move, by their ids. */
  readonly #moving = new Map<string, BytesAtRegistry>();
  #admission: Promise<unknown> = Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(options: BenchmarksOptions) {
    this.#options = options;
    this.#localTime = localTimes(options.world.recommendation.timeZone);
  }

  add(id: string): void {
    if (this.#current?.id === id || this.#queue.includes(id)) return;
    this.#queue.push(id);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves once nothing of it is under way. */
  async remove(id: string): Promise<void> {
    const position = this.#queue.indexOf(id);
    if (position >= 0) this.#queue.splice(position, 1);
    if (this.#current?.id !== id) return;
    this.#current.stop.abort();
    while (this.#current?.id === id && this.#running !== undefined) await this.#options.clock.sleep(20);
  }

  waitingFor(id: string): Wait {
    if (this.#current?.id !== id) return 'turn';
    return this.#current.waits.values().find((wait) => wait !== null) ?? null;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#current?.stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let id = this.#queue.shift(); id !== undefined && !this.#closing.signal.aborted; id = this.#queue.shift()) {
      const stop = new AbortController();
      this.#current = { id, stop, waits: new Map() };
      try {
        await this.#runCampaign(id, stop.signal);
      } catch (error) {
        this.#options.onError(error);
        if (isFailure(error, 'disk_full', 'not_ready', 'internal')) {
          await this.#options.clock.sleep(RETRY_MS, stop.signal).catch(() => {});
          if (!stop.signal.aborted) this.#queue.push(id);
        }
      }
      this.#current = undefined;
    }
  }

  async #runCampaign(id: string, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const record = await store.find(id);
    if (record === undefined || record.state !== 'running') return;
    for (let round = record.roundsDone; round < record.plan.rounds; round += 1) {
      // Each site takes one sample at a time; sites do not wait for each other, an agent that is away holds up nobody.
      const lanes = [...Map.groupBy(planRound(record.plan, round), laneOf).values()];
      const ended = await Promise.allSettled(lanes.map((steps) => this.#takeSteps(record, round, steps, signal)));
      if (signal.aborted) return;
      for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
      await store.update(id, { roundsDone: round + 1 });
    }
    await store.update(id, { state: 'finished', finishedAt: clock.nowMs() });
  }

  async #takeSteps(
    record: BenchmarkRecord,
    round: number,
    steps: readonly RoundStep[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const step of steps) {
      await this.#takeStep(record, round, step, signal);
      if (signal.aborted) return;
    }
  }

  async #takeStep(
    { id: benchmark, plan: { idleMs } }: BenchmarkRecord,
    round: number,
    step: RoundStep,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, runStep, world } = this.#options;
    const id = sampleId(benchmark, round, step);
    if (await store.hasSample(id)) return;
    try {
      await this.#waitUntilAllowed(id, step, signal);
      if (signal.aborted) return;
      const ids = { id, campaign: benchmark, round: `${benchmark}.${round + 1}` };
      const sample = await runStep(step, { ...ids, ...(idleMs === undefined ? {} : { idleMs }) }, signal);
      // What was given up says nothing about the path.
      if (signal.aborted) return;
      const { referenceBytes, deadlineMs } = world.recommendation;
      await store.recordSample(sample, { bytes: referenceBytes, deadlineSeconds: deadlineMs / 1_000 });
    } finally {
      this.#moving.delete(id);
      this.#current?.waits.delete(laneOf(step));
    }
  }

  async #waitUntilAllowed(id: string, step: RoundStep, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // One after the other: two that ask at once would be given the same room.
      const answer = this.#admission.then(() => this.#admit(id, step));
      this.#admission = answer.catch(() => {});
      const wait = await answer;
      this.#current?.waits.set(laneOf(step), wait);
      if (wait === null) return;
      await this.#options.clock.sleep(LOOK_MS, signal).catch(() => {});
    }
  }

  async #admit(id: string, step: RoundStep): Promise<Wait> {
    const { store, world, clock, bytesOf } = this.#options;
    const nowMs = clock.nowMs();
    if (world.measuring.quietHours.includes(this.#localTime(nowMs).hour)) return 'quiet';
    const want = { registry: step.registry, bytes: (await bytesOf?.(step)) ?? step.payloadBytes };
    if (!(await hasRoom(store, world.measuring, nowMs, want, [...this.#moving.values()]))) return 'budget';
    this.#moving.set(id, want);
    return null;
  }
}

function laneOf({ site }: RoundStep): string {
  return site ?? '';
}
