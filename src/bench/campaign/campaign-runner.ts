import { isFailure } from '../../kernel/failure.ts';
import { DIAGNOSIS_BYTES } from '../flow-diagnosis.ts';
import { failedSample } from '../probes/failed-sample.ts';
import type { Sample, SampleError } from '../sample.ts';
import { Admission } from './admission.ts';
import type { BenchmarkPlan, BenchmarkRecord } from './benchmark-record.ts';
import type { BenchmarkWait } from './benchmark-wait.ts';
import type { LeftOut } from './left-out.ts';
import type { BenchmarksOptions } from './open-benchmarks.ts';
import { RetryLane } from './retry-lane.ts';
import { planRound, type RoundStep } from './round-order.ts';
import { sampleId } from './sample-id.ts';

/** How often a campaign that waits for its budget or for the end of quiet hours looks again. */
const LOOK_MS = 60_000;
/** After what the store did not take. */
const RETRY_MS = 2_000;

type Wait = BenchmarkWait | null;

/** The campaign that runs. */
type Running = {
  readonly id: string;
  readonly stop: AbortController;
  readonly waits: Map<string, Wait>;
  readonly lane: RetryLane;
  /** Registries whose bytes of the day are used up. */
  readonly spent: Set<string>;
};

/** One site's part of a round. */
type Turn = { readonly record: BenchmarkRecord; readonly round: number; readonly running: Running; measured: number };

/** Runs campaigns one after the other: two that measure at once measure each other. */
export class CampaignRunner {
  readonly #options: BenchmarksOptions;
  readonly #admission: Admission;
  readonly #queue: string[] = [];
  readonly #closing = new AbortController();
  #current: Running | undefined;
  #running: Promise<void> | undefined;

  constructor(options: BenchmarksOptions) {
    this.#options = options;
    this.#admission = new Admission(options);
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

  /** What would keep every sample of a plan from being begun now. */
  foresee(plan: BenchmarkPlan): ReturnType<Admission['foresee']> {
    return this.#admission.foresee(plan);
  }

  waitingFor(id: string): Wait {
    if (this.#current?.id !== id) return 'turn';
    return this.#current.waits.values().find((wait) => wait !== null) ?? null;
  }

  leftOut(id: string): readonly LeftOut[] {
    if (this.#current?.id !== id) return [];
    const { lane, spent } = this.#current;
    return [
      ...lane.registries().map((registry) => ({ registry, reason: 'unreachable' as const })),
      ...[...spent].map((registry) => ({ registry, reason: 'budget' as const })),
    ];
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#current?.stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let id = this.#queue.shift(); id !== undefined && !this.#closing.signal.aborted; id = this.#queue.shift()) {
      const stop = new AbortController();
      const { ask = answersAlways, clock } = this.#options;
      const ended = new AbortController();
      const lane = new RetryLane(ask, clock, AbortSignal.any([stop.signal, ended.signal]));
      this.#current = { id, stop, waits: new Map(), lane, spent: new Set() };
      try {
        await this.#runCampaign(this.#current);
      } catch (error) {
        this.#options.onError(error);
        if (isFailure(error, 'disk_full', 'not_ready', 'internal')) {
          await this.#options.clock.sleep(RETRY_MS, stop.signal).catch(() => {});
          if (!stop.signal.aborted) this.#queue.push(id);
        }
      } finally {
        ended.abort();
      }
      this.#current = undefined;
    }
  }

  async #runCampaign(running: Running): Promise<void> {
    const { store, clock } = this.#options;
    const { id, stop } = running;
    const record = await store.find(id);
    if (record === undefined || record.state !== 'running') return;
    for (let round = record.roundsDone; round < record.plan.rounds; round += 1) {
      // Each site takes one sample at a time; sites do not wait for each other, an agent that is away holds up nobody.
      const lanes = [...Map.groupBy(planRound(record.plan, round), laneOf).values()];
      const ended = await Promise.allSettled(
        lanes.map((steps) => this.#takeSteps({ record, round, running, measured: 0 }, steps)),
      );
      if (stop.signal.aborted) return;
      for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
      await store.update(id, { roundsDone: round + 1 });
    }
    if (record.plan.flows === true)
      for (const registry of record.plan.registries) await this.#diagnose(record, running, registry);
    if (stop.signal.aborted) return;
    await store.update(id, { state: 'finished', finishedAt: clock.nowMs() });
  }

  async #takeSteps(turn: Turn, steps: readonly RoundStep[]): Promise<void> {
    const { signal } = turn.running.stop;
    const sinceMs = this.#options.clock.elapsedMs();
    const silent: RoundStep[] = [];
    for (const step of steps) {
      if (signal.aborted) return;
      await this.#takeStep(turn, step, async () => {
        if (await turn.running.lane.isAnswering(step.registry)) return null;
        silent.push(step);
        return 'later';
      });
    }
    for (const step of silent) {
      if (signal.aborted) return;
      const { lane } = turn.running;
      await this.#takeStep(turn, step, () => lane.findTrouble(step.registry, sinceMs, turn.measured > 0));
    }
  }

  /** `examine` says what is wrong with the registry, if anything is, or that the step is to be taken later. */
  async #takeStep(turn: Turn, step: RoundStep, examine: () => Promise<SampleError | 'later' | null>): Promise<void> {
    const { store, runStep, needsRegistry } = this.#options;
    const { record, round, running } = turn;
    const { signal } = running.stop;
    const { idleMs } = record.plan;
    const id = sampleId(record.id, round, step);
    if (await store.hasSample(id)) return;
    const ids = { id, campaign: record.id, round: `${record.id}.${round + 1}` };
    try {
      const isLeftOut = (await this.#waitUntilAllowed(id, step, turn)) === 'left-out';
      if (signal.aborted) return;
      if (isLeftOut) return await this.#record(this.#failed(ids, step, budgetUsedUp(step)));
      const isNeeded = (await needsRegistry?.(step)) ?? true;
      const trouble = isNeeded ? await examine() : null;
      if (trouble === 'later' || signal.aborted) return;
      if (trouble !== null) return await this.#record(this.#failed(ids, step, trouble));
      const sample = await runStep(step, { ...ids, ...(idleMs === undefined ? {} : { idleMs }) }, signal);
      // What was given up says nothing about the path.
      if (signal.aborted) return;
      turn.measured += 1;
      await this.#record(sample);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#admission.release(id);
      running.waits.delete(laneOf(step));
    }
  }

  async #diagnose(record: BenchmarkRecord, running: Running, registry: string): Promise<void> {
    const { store, diagnose, clock } = this.#options;
    const { signal } = running.stop;
    const { id: campaign, roundsDone: round } = record;
    if (diagnose === undefined || signal.aborted || (await store.hasDiagnosis(campaign, registry))) return;
    const step: RoundStep = { registry, leg: 'upload', payloadBytes: DIAGNOSIS_BYTES };
    const id = `${campaign}.flows.${registry}`;
    try {
      const isLeftOut =
        (await this.#waitUntilAllowed(id, step, { record, round, running, measured: 0 })) === 'left-out';
      if (signal.aborted) return;
      const isAnswering = isLeftOut || (await running.lane.isAnswering(registry));
      const silence = isAnswering ? null : await running.lane.findTrouble(registry, clock.elapsedMs(), false);
      const error = isLeftOut ? budgetUsedUp(step) : silence;
      const failed = { campaign, registry, at: clock.nowMs(), one: null, eight: null, suspect: false };
      const found = error === null ? await diagnose(registry, campaign, signal) : { ...failed, error };
      if (!signal.aborted) await store.recordDiagnosis(found, error === null ? DIAGNOSIS_BYTES : 0);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#admission.release(id);
      running.waits.delete(laneOf(step));
    }
  }

  async #waitUntilAllowed(id: string, step: RoundStep, { record, running }: Turn): Promise<'left-out' | null> {
    const { signal } = running.stop;
    while (!signal.aborted) {
      const verdict = await this.#admission.admit(id, step, record.plan);
      if (verdict === 'left-out') running.spent.add(step.registry);
      else running.spent.delete(step.registry);
      running.waits.set(laneOf(step), verdict === 'left-out' ? null : verdict);
      if (verdict === null || verdict === 'left-out') return verdict;
      await this.#options.clock.sleep(LOOK_MS, signal).catch(() => {});
    }
    return null;
  }

  #failed(ids: Pick<Sample, 'id' | 'campaign' | 'round'>, step: RoundStep, error: SampleError): Sample {
    const { world, clock } = this.#options;
    const { registry, leg, payloadBytes } = step;
    const site = step.site ?? world.sites.find(({ service }) => service)?.name ?? '';
    return failedSample({ ...ids, site, registry, leg, payloadBytes }, clock.nowMs(), error);
  }

  async #record(sample: Sample): Promise<void> {
    const { referenceBytes, deadlineMs } = this.#options.world.recommendation;
    await this.#options.store.recordSample(sample, { bytes: referenceBytes, deadlineSeconds: deadlineMs / 1_000 });
  }
}

async function answersAlways(): Promise<null> {
  return null;
}

function budgetUsedUp({ registry }: RoundStep): SampleError {
  const detail = `left out of the round: the bytes of the day of ${registry} are used up (measuring.bytesPerDayAndRegistry)`;
  return { code: 'budget_used_up', step: null, detail };
}

function laneOf({ site }: RoundStep): string {
  return site ?? '';
}
