import type { AgentPresence } from '../desk/presence.ts';
import type { Sample } from '../sample.ts';
import type { BenchmarkPlan, BenchmarkRecord } from './benchmark-record.ts';
import type { BenchmarkWait } from './benchmark-wait.ts';
import type { LeftOut } from './left-out.ts';

export type NewBenchmark = Omit<BenchmarkPlan, 'seed' | 'registries' | 'bytesToLeave'> & {
  /** Left out: every enabled relay, every site with clusters that the service is not at. */
  readonly registries?: readonly string[];
  readonly seed?: number;
};

/** A campaign with what is known of it now. */
export type Benchmark = BenchmarkRecord & {
  readonly samples: number;
  /** What all of its rounds move, and what is left at registries for its downloads. */
  readonly expectedBytes: number;
  /** Why it does not go on at the moment; null when it does. */
  readonly waitingFor: BenchmarkWait | null;
  /** Registries that it goes on without for now. */
  readonly leftOut: readonly LeftOut[];
  /** Those that take its downloads. */
  readonly agents: readonly AgentPresence[];
};

type Page = { readonly limit: number; readonly cursor?: string };
type Paged<T> = { readonly items: readonly T[]; readonly next: string | null };

/** Campaigns as callers see them. Methods that take an id throw `benchmark_unknown`. */
export type Benchmarks = {
  /** Throws `validation_failed` for what is not configured or would not fit the budget of a day. */
  create(wanted: NewBenchmark): Promise<Benchmark>;
  find(id: string): Promise<Benchmark>;
  list(page: Page): Promise<Paged<Benchmark>>;
  samples(id: string, page: Page): Promise<Paged<Sample>>;
  /** Throws `already_finished` unless it runs. A sample that is under way is given up. */
  stop(id: string): Promise<Benchmark>;
  /** Goes on with a stopped campaign where it stood. Throws `already_finished` when it finished. */
  resume(id: string): Promise<Benchmark>;
};
