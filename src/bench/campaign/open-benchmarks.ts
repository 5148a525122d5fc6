import { randomInt } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import { newId } from '../../kernel/id.ts';
import type { World } from '../../regions/world.ts';
import type { BenchmarkPlan, BenchmarkRecord } from './benchmark-record.ts';
import type { BenchmarkStore } from './benchmark-store.ts';
import type { Benchmark, Benchmarks, NewBenchmark } from './benchmarks.ts';
import { CampaignRunner } from './campaign-runner.ts';
import { planRound } from './round-order.ts';
import type { StepRunner } from './step-runner.ts';

export type BenchmarksOptions = {
  readonly world: Pick<World, 'registries' | 'measuring' | 'recommendation'>;
  readonly store: BenchmarkStore;
  readonly runStep: StepRunner;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
};

export type OpenedBenchmarks = Benchmarks & {
  /** Goes on with what an earlier run left. */
  start(): Promise<void>;
  close(): Promise<void>;
};

export function openBenchmarks(options: BenchmarksOptions): OpenedBenchmarks {
  const { world, store, clock } = options;
  const runner = new CampaignRunner(options);

  const get = async (id: string): Promise<BenchmarkRecord> => {
    const record = await store.find(id);
    if (record === undefined) throw new Failure('benchmark_unknown', `There is no benchmark "${id.slice(0, 80)}"`);
    return record;
  };
  const present = async (record: BenchmarkRecord): Promise<Benchmark> => ({
    ...record,
    samples: await store.countSamples(record.id),
    expectedBytes: bytesOfRound(record.plan) * record.plan.rounds,
    waitingFor: record.state === 'running' ? runner.waitingFor(record.id) : null,
  });

  return {
    async create(wanted) {
      const plan = toPlan(world, wanted);
      const id = newId('bench', clock.nowMs());
      await store.create({ id, state: 'running', createdAt: clock.nowMs(), finishedAt: null, roundsDone: 0, plan });
      runner.add(id);
      return present(await get(id));
    },
    find: async (id) => present(await get(id)),
    async list(page) {
      const { items, next } = await store.list(page);
      return { items: await Promise.all(items.map(present)), next };
    },
    async samples(id, page) {
      await get(id);
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

function toPlan({ registries, measuring }: BenchmarksOptions['world'], wanted: NewBenchmark): BenchmarkPlan {
  const relays = registries.filter(({ role, enabled }) => role === 'relay' && enabled).map(({ name }) => name);
  const known = registries.filter(({ enabled }) => enabled).map(({ name }) => name);
  const chosen = wanted.registries ?? relays;
  const errors: { path: string; detail: string }[] = [];
  for (const [index, name] of chosen.entries()) {
    if (!known.includes(name))
      errors.push({ path: `registries[${index}]`, detail: `must be an enabled registry (${known.join(', ')})` });
  }
  if (chosen.length === 0) errors.push({ path: 'registries', detail: 'must be named: no relay is configured' });
  const plan = { ...wanted, registries: chosen, seed: wanted.seed ?? randomInt(2 ** 31) };
  const atRegistry = bytesOfRound({ ...plan, registries: ['one'] });
  if (atRegistry > measuring.bytesPerDayAndRegistry)
    errors.push({
      path: 'payloads',
      detail: `must fit the budget of a day: a round moves ${atRegistry} bytes to each registry, and measuring.bytesPerDayAndRegistry is ${measuring.bytesPerDayAndRegistry}`,
    });
  else if (bytesOfRound(plan) > measuring.bytesPerDay)
    errors.push({
      path: 'payloads',
      detail: `must fit the budget of a day: a round moves ${bytesOfRound(plan)} bytes, and measuring.bytesPerDay is ${measuring.bytesPerDay}`,
    });
  if (errors.length > 0)
    throw new Failure('validation_failed', errors.map(({ path, detail }) => `${path} ${detail}`).join('; '), {
      errors,
    });
  return plan;
}

function bytesOfRound(plan: BenchmarkPlan): number {
  return planRound(plan, 0).reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
}
