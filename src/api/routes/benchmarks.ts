import { z } from '@hono/zod-openapi';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentBenchmark, presentSample } from '../present/present-benchmark.ts';
import type { ApiApp } from '../request-context.ts';
import {
  benchmarkPage,
  benchmarkParams,
  benchmarkSchema,
  newBenchmarkSchema,
  samplePage,
} from '../schema/benchmark-schema.ts';
import { pageQuery } from '../schema/page-schema.ts';

/** Measuring the registries. */
export function mountBenchmarks(app: ApiApp, { benchmarks }: Pick<ApiServices, 'benchmarks'>): void {
  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/benchmarks',
      operationId: 'createBenchmark',
      permission: 'benchmark.run',
      audit: 'benchmark.create',
      tag: 'benchmarks',
      summary: 'Measure registries in rounds',
      description:
        'Each round uploads random bytes of each size to every registry, in a random order, and leaves nothing behind; with the leg `download` the agents of the sites pull a payload of each size, which is left at each registry for two days after its last use. It goes on over restarts; benchmarks run one after the other.',
      body: newBenchmarkSchema,
      answers: { 202: jsonAnswer('The benchmark', benchmarkSchema) },
      failures: ['validation_failed', 'registry_unknown'],
    },
    async (c, { body }) => {
      const { registries, sites, seed, idle, flows, ...plan } = body;
      const benchmark = await benchmarks.create({
        ...plan,
        ...(registries === undefined ? {} : { registries }),
        ...(sites === undefined ? {} : { sites }),
        ...(idle === undefined ? {} : { idleMs: idle }),
        ...(flows === undefined ? {} : { flows }),
        ...(seed === undefined ? {} : { seed }),
      });
      return c.json(presentBenchmark(benchmark), 202, { location: `/v1/benchmarks/${benchmark.id}` });
    },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/benchmarks',
      operationId: 'listBenchmarks',
      permission: 'benchmark.read',
      tag: 'benchmarks',
      summary: 'Benchmarks, newest first',
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of benchmarks', benchmarkPage) },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor } }) => {
      const { items, next } = await benchmarks.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
      return c.json({ items: items.map(presentBenchmark), next });
    },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/benchmarks/{id}',
      operationId: 'getBenchmark',
      permission: 'benchmark.read',
      tag: 'benchmarks',
      summary: 'One benchmark',
      params: benchmarkParams,
      answers: { 200: jsonAnswer('The benchmark', benchmarkSchema) },
      failures: ['benchmark_unknown'],
    },
    async (c, { params: { id } }) => c.json(presentBenchmark(await benchmarks.find(id))),
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/benchmarks/{id}/samples',
      operationId: 'listSamples',
      permission: 'benchmark.read',
      tag: 'benchmarks',
      summary: 'All that was seen in each sample',
      params: benchmarkParams,
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of samples', samplePage) },
      failures: ['validation_failed', 'benchmark_unknown'],
    },
    async (c, { params: { id }, query: { limit, cursor } }) => {
      const { items, next } = await benchmarks.samples(id, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return c.json({ items: items.map(presentSample), next });
    },
  );

  for (const { verb, operationId, summary } of [
    { verb: 'stop', operationId: 'stopBenchmark', summary: 'Stop measuring; what was measured stays' },
    { verb: 'resume', operationId: 'resumeBenchmark', summary: 'Go on where it was stopped' },
  ] as const)
    mountOperation(
      app,
      {
        method: 'post',
        path: `/v1/benchmarks/{id}/${verb}`,
        operationId,
        permission: 'benchmark.run',
        audit: `benchmark.${verb}`,
        tag: 'benchmarks',
        summary,
        params: benchmarkParams,
        answers: { 200: jsonAnswer('The benchmark', benchmarkSchema) },
        failures: ['benchmark_unknown', 'already_finished'],
      },
      async (c, { params: { id } }) => c.json(presentBenchmark(await benchmarks[verb](id))),
    );
}
