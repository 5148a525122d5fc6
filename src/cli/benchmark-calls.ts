import { z } from 'zod';
import { text } from './answer-fields.ts';
import { read } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';

export const benchmarkSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  waitingFor: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
  createdAt: z.string(),
  schedule: text.default(null),
  rounds: z.number(),
  roundsDone: z.number(),
  samples: z.number(),
  registries: z.array(z.string()),
  payloads: z.array(z.number()).default([]),
  expectedBytes: z.number(),
  leftOut: z.array(z.looseObject({ registry: z.string(), reason: z.string() })).default([]),
  agents: z.array(z.looseObject({ site: z.string(), agent: text, seenAt: text, state: z.string() })).default([]),
});

export type BenchmarkAnswer = z.output<typeof benchmarkSchema>;

/** The body of `POST /v1/benchmarks`. */
export type NewBenchmarkBody = {
  readonly rounds: number;
  readonly legs?: readonly string[];
  readonly sites?: readonly string[];
  readonly registries?: readonly string[];
  readonly payloads?: readonly string[];
  readonly idle?: string;
  readonly flows?: boolean;
  readonly seed?: number;
};

export async function createBenchmark(client: ApiClient, json: NewBenchmarkBody): Promise<BenchmarkAnswer> {
  return read(benchmarkSchema, await client.request({ method: 'POST', path: '/v1/benchmarks', json }));
}

export async function getBenchmark(client: ApiClient, id: string, signal?: AbortSignal): Promise<BenchmarkAnswer> {
  const path = `/v1/benchmarks/${encodeURIComponent(id)}`;
  return read(
    benchmarkSchema,
    await client.request({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) }),
  );
}

export async function actOnBenchmark(client: ApiClient, id: string, verb: 'stop' | 'resume'): Promise<BenchmarkAnswer> {
  const path = `/v1/benchmarks/${encodeURIComponent(id)}/${verb}`;
  return read(benchmarkSchema, await client.request({ method: 'POST', path }));
}
