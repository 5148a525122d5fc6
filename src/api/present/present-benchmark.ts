import type { Benchmark } from '../../bench/campaign/benchmarks.ts';
import type { Sample } from '../../bench/sample.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { BenchmarkBody } from '../schema/benchmark-schema.ts';

export function presentBenchmark({ plan, agents, createdAt, finishedAt, ...benchmark }: Benchmark): BenchmarkBody {
  const { schedule = null, rounds, legs, registries, payloads, seed } = plan;
  return {
    ...benchmark,
    createdAt: toTimestamp(createdAt),
    finishedAt: finishedAt === null ? null : toTimestamp(finishedAt),
    schedule,
    rounds,
    legs: [...legs],
    agents: agents.map((each) => ({ ...each, seenAt: each.seenAt === null ? null : toTimestamp(each.seenAt) })),
    leftOut: [...benchmark.leftOut],
    registries: [...registries],
    payloads: [...payloads],
    seed,
  };
}

export function presentSample({ at, ...sample }: Sample) {
  return { ...sample, at: toTimestamp(at) };
}
