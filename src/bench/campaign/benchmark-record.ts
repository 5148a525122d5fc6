import type { PathLeg } from '../recommend/measurement.ts';

/** `running` also while it waits for its turn or for its budget. */
export type BenchmarkState = 'running' | 'finished' | 'stopped';

/** What a campaign measures. */
export type BenchmarkPlan = {
  readonly rounds: number;
  /** The schedule of the configuration that began it. */
  readonly schedule?: string;
  readonly legs: readonly PathLeg[];
  /** Where downloads are taken, each by the agent there. */
  readonly sites?: readonly string[];
  readonly registries: readonly string[];
  /** Sizes of the blobs, each of which is measured once a registry and round. */
  readonly payloads: readonly number[];
  /** Of what downloads need, the bytes that lay at no registry when it was planned: they are sent there once. */
  readonly bytesToLeave?: number;
  /** How long round trips without load are probed before each sample; the sampler's own time where it is left out. */
  readonly idleMs?: number;
  /** After the rounds, once for each registry, one connection is compared with eight. */
  readonly flows?: boolean;
  /** Decides the order of the registries in each round: the same seed, the same orders. */
  readonly seed: number;
};

/** A campaign of rounds. Instants are milliseconds since the epoch. */
export type BenchmarkRecord = {
  readonly id: string;
  readonly state: BenchmarkState;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly roundsDone: number;
  readonly plan: BenchmarkPlan;
};

export type BenchmarkChange = Partial<Pick<BenchmarkRecord, 'state' | 'finishedAt' | 'roundsDone'>>;
