import type { FlowDiagnosis } from '../flow-diagnosis.ts';
import type { ReferenceImage } from '../recorded-measurement.ts';
import type { Sample } from '../sample.ts';
import type { BenchmarkChange, BenchmarkRecord } from './benchmark-record.ts';

type Page = { readonly limit: number; readonly cursor?: string };
type Paged<T> = { readonly items: readonly T[]; readonly next: string | null };

/** Remembers campaigns, and every sample with all that was seen. */
export type BenchmarkStore = {
  create(benchmark: BenchmarkRecord): Promise<void>;
  update(id: string, change: BenchmarkChange): Promise<void>;
  find(id: string): Promise<BenchmarkRecord | undefined>;
  /** Newest first. */
  list(page: Page): Promise<Paged<BenchmarkRecord>>;
  /** Those that run, oldest first. */
  unfinished(): Promise<readonly BenchmarkRecord[]>;
  /**
   * Records a sample once by its id, together with its figures for the rule and the report. False for one that is known.
   * One that stands in for another has no figures, moves no bytes, and is replaced by the other, once.
   */
  recordSample(sample: Sample, reference: ReferenceImage): Promise<boolean>;
  hasSample(id: string): Promise<boolean>;
  /** Records one connection against eight, once a campaign and registry, with the bytes that it moved at most. */
  recordDiagnosis(diagnosis: FlowDiagnosis, bytes: number): Promise<void>;
  hasDiagnosis(benchmark: string, registry: string): Promise<boolean>;
  /** In the order of their ids. */
  samples(benchmark: string, page: Page): Promise<Paged<Sample>>;
  countSamples(benchmark: string): Promise<number>;
  /** Bytes that measuring has moved since an instant, not including it: to and from one registry, or (null) all. */
  bytesSince(registry: string | null, sinceMs: number, untilMs: number): Promise<number>;
};
