import { afterEach, beforeEach, expect } from 'vitest';
import { openServiceLink } from '../../src/app/agent/service-link.ts';
import { SiteSampler } from '../../src/app/agent/site-sampler.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { openRegistryProvider } from '../../src/providers/registry-provider.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestService, type TestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { TestClock } from '../support/test-clock.ts';

export type BenchmarkAnswer = Record<string, unknown> & { id: string; state: string };
export type SampleAnswer = Record<string, unknown> & {
  id: string;
  leg: string;
  registry: string;
  ok: boolean;
  at: string;
  error: { code: string; detail: string } | null;
};

export const BOTH_LEGS = { legs: ['upload', 'download'], payloads: ['100kB'], idle: '200ms' };

/** A service, two registries and a site whose agent may come, made anew for each test of a file. */
export function useDownloadWorld() {
  let folder: TempFolder;
  let singapore: TestRegistry;
  let korea: TestRegistry;
  let service: TestService;
  let clock: TestClock;
  let agent: ServiceApi;

  beforeEach(async () => {
    folder = await openTempFolder('download');
    [singapore, korea] = [await openTestRegistry(), await openTestRegistry()];
    clock = new TestClock();
    service = await openTestService({
      ...{ folder: `${folder.path}/data`, clock, choose: 'singapore' },
      registries: { singapore: { url: singapore.url }, korea: { url: korea.url } },
      more: { sites: { beijing: { service: true }, 'us-east': {}, eu: {} } },
    });
    agent = await service.api.withToken({ role: 'agent', site: 'us-east' });
  });
  afterEach(async () => {
    await service[Symbol.asyncDispose]();
    await Promise.all([singapore.close(), korea.close()]);
    await folder.remove();
  });

  async function run(request: Record<string, unknown>): Promise<BenchmarkAnswer> {
    const { status, body } = await service.api.send('POST', '/v1/benchmarks', { rounds: 1, ...BOTH_LEGS, ...request });
    expect([status, body.code]).toEqual([202, undefined]);
    return body as BenchmarkAnswer;
  }

  const samplesOf = async (id: string) =>
    (await service.api.send('GET', `/v1/benchmarks/${id}/samples`)).body.items as SampleAnswer[];
  const until = (id: string, isSo: (body: BenchmarkAnswer) => boolean) =>
    eventually(
      async () => {
        const body = (await service.api.send('GET', `/v1/benchmarks/${id}`)).body as BenchmarkAnswer;
        if (!isSo(body)) throw new Error(JSON.stringify(body));
        return body;
      },
      { what: `the benchmark ${id}`, deadlineMs: 20_000 },
    );

  /** The part of an agent that measures, with the registries of this test. */
  async function openSampler(own = new TestClock()): Promise<AsyncDisposable> {
    const link = openServiceLink({ url: service.api.url, token: new Secret(agent.token), version: '0.0.0-test' });
    const sampler = new SiteSampler(
      {
        ...{
          site: 'us-east',
          name: 'agent-1',
          folder: `${folder.path}/agent`,
          service: link,
          clock: own,
          log: silentLog,
        },
        ...{ listen: { host: '127.0.0.1', port: 0 }, config: undefined, version: '0.0.0-test' },
        environment: { findVariable: () => undefined },
      },
      {
        all: () => [{} as never],
        openProbe: (registry, onConnected) => {
          const { url } = registry === 'korea' ? korea : singapore;
          const entry = { key: registry, url, credentials: { kind: 'none' }, internal: true } as const;
          return openRegistryProvider(entry, { readSecret: async () => new Secret(''), onConnected });
        },
      },
    );
    await sampler.start();
    return {
      async [Symbol.asyncDispose]() {
        await sampler.close();
        await link.close();
      },
    };
  }

  const take = async (as = agent, name = 'agent-1') =>
    (await as.send('POST', `/v1/agents/${name}/work`, { wait: '10s' })).body.work as { id: string } | null;

  /** A download that worked, as an agent would report it. */
  const reportOf = (id: string, more: Record<string, unknown> = {}) => ({
    ...{ id, at: new Date(clock.nowMs()).toISOString(), error: null, bodySeconds: 0.5 },
    setup: { dnsMs: null, connectMs: 1, tlsMs: null, firstByteMs: 20 },
    ...{ intervalMs: 250, intervalBytes: [50_000, 50_000], idle: null, loaded: null, connections: 1, localLoad: 0.1 },
    ...more,
  });

  async function report(samples: unknown[], as = agent, name = 'agent-1') {
    const { status, body } = await as.send('POST', `/v1/agents/${name}/samples`, { samples });
    expect([status, body.detail]).toEqual([200, undefined]);
    return body.items as { id: string | null; state: string; reason: string | null }[];
  }
  return {
    get singapore() {
      return singapore;
    },
    get korea() {
      return korea;
    },
    get service() {
      return service;
    },
    get clock() {
      return clock;
    },
    get agent() {
      return agent;
    },
    ...{ run, samplesOf, until, openSampler, take, reportOf, report },
  };
}
