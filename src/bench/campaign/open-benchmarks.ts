import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import { newId } from '../../kernel/id.ts';
import type { World } from '../../regions/world.ts';
import type { AgentPresence } from '../desk/presence.ts';
import type { FlowDiagnosis } from '../flow-diagnosis.ts';
import { PRODUCTION } from '../production/production-sample.ts';
import { bytesOfDiagnoses, bytesOfRound, neededPayloads, toPlan } from './benchmark-plan.ts';
import type { BenchmarkPlan, BenchmarkRecord } from './benchmark-record.ts';
import type { BenchmarkStore } from './benchmark-store.ts';
import type { Benchmark, Benchmarks, NewBenchmark } from './benchmarks.ts';
import { CampaignRunner } from './campaign-runner.ts';
import type { AskRegistry } from './retry-lane.ts';
import type { RoundStep } from './round-order.ts';
import type { StepRunner } from './step-runner.ts';

export type BenchmarksOptions = {
  readonly world: Pick<World, 'registries' | 'measuring' | 'recommendation' | 'sites' | 'clusters'>;
  readonly store: BenchmarkStore;
  readonly runStep: StepRunner;
  /** Compares one connection with eight. Rejects only when the signal is aborted. Left out, nothing is compared. */
  readonly diagnose?: (registry: string, campaign: string, signal: AbortSignal) => Promise<FlowDiagnosis>;
  /** What a step moves, where that is more than its payload. */
  readonly bytesOf?: (step: RoundStep) => Promise<number>;
  /** Does something of that size lie at the registry for downloads already? Left out, nothing does. */
  readonly isKept?: (registry: string, payloadBytes: number) => Promise<boolean>;
  /** Does a registry answer at all? Left out, all of them do. */
  readonly ask?: AskRegistry;
  /** Must the service itself reach the registry for a step? An agent may pull from one that the service cannot reach. */
  readonly needsRegistry?: (step: RoundStep) => Promise<boolean>;
  /** The agent of a site, for those who wait for it. */
  readonly presence?: (site: string) => AgentPresence;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
};

export type OpenedBenchmarks = Benchmarks & {
  /** What would keep every sample of a benchmark from being begun now. Throws as `create` does. */
  foresee(wanted: NewBenchmark): ReturnType<CampaignRunner['foresee']>;
  /** Goes on with what an earlier run left. */
  start(): Promise<void>;
  close(): Promise<void>;
};

export function openBenchmarks(options: BenchmarksOptions): OpenedBenchmarks {
  const { world, store, clock, presence = unknownAgent } = options;
  const runner = new CampaignRunner(options);

  const get = async (id: string): Promise<BenchmarkRecord> => {
    const record = await store.find(id);
    if (record === undefined) throw new Failure('benchmark_unknown', `There is no benchmark "${id.slice(0, 80)}"`);
    return record;
  };
  const present = async (record: BenchmarkRecord): Promise<Benchmark> => {
    const { id, plan, state } = record;
    const agents = (plan.sites ?? []).map((site) => presence(site));
    const isRunning = state === 'running';
    const isAgentAway = agents.some((agent) => agent.state === 'away');
    return {
      ...record,
      samples: await store.countSamples(id),
      expectedBytes: bytesOfRound(plan) * plan.rounds + (plan.bytesToLeave ?? 0) + bytesOfDiagnoses(plan),
      waitingFor: isRunning ? (runner.waitingFor(id) ?? (isAgentAway ? 'agent' : null)) : null,
      leftOut: isRunning ? runner.leftOut(id) : [],
      agents,
    };
  };

  return {
    async create(wanted) {
      const planned = toPlan(world, wanted);
      const bytesToLeave = await sumOfMissing(planned, options.isKept);
      const plan = bytesToLeave === 0 ? planned : { ...planned, bytesToLeave };
      const id = newId('bench', clock.nowMs());
      await store.create({ id, state: 'running', createdAt: clock.nowMs(), finishedAt: null, roundsDone: 0, plan });
      runner.add(id);
      return present(await get(id));
    },
    foresee: async (wanted) => runner.foresee(toPlan(world, wanted)),
    find: async (id) => present(await get(id)),
    async list(page) {
      const { items, next } = await store.list(page);
      return { items: await Promise.all(items.map(present)), next };
    },
    async samples(id, page) {
      if (id !== PRODUCTION) await get(id);
      return store.samples(id, page);
    },
    async stop(id) {
      const { state } = await get(id);
      if (state !== 'running') throw new Failure('already_finished', `The benchmark ${id} is ${state} already`);
      await store.update(id, { state: 'stopped', finishedAt: clock.nowMs() });
      await runner.remove(id);
      return present(await get(id));
    },
    async resume(id) {
      const { state } = await get(id);
      if (state === 'finished') throw new Failure('already_finished', `The benchmark ${id} is finished already`);
      await store.update(id, { state: 'running', finishedAt: null });
      runner.add(id);
      return present(await get(id));
    },
    async start() {
      for (const { id } of await store.unfinished()) runner.add(id);
    },
    close: () => runner.close(),
  };
}

async function sumOfMissing(plan: BenchmarkPlan, isKept: BenchmarksOptions['isKept']): Promise<number> {
  let sum = 0;
  for (const { registry, payloadBytes } of neededPayloads(plan))
    if (!((await isKept?.(registry, payloadBytes)) ?? false)) sum += payloadBytes;
  return sum;
}

function unknownAgent(site: string): AgentPresence {
  return { site, agent: null, seenAt: null, clockOffsetMs: null, state: 'away' };
}
