import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestService, type TestService } from '../support/service.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
let singapore: TestRegistry;
let korea: TestRegistry;
let service: TestService;

type Body = Record<string, unknown> & { id: string; state: string; samples: number };
type SampleBody = { registry: string; ok: boolean; round: string; error: { code: string } | null; rate: number | null };

const open = (more: Record<string, unknown> = {}) =>
  openTestService({
    folder: folder.path,
    registries: { singapore: { url: singapore.url, entry: { prefix: 'web3d' } }, korea: { url: korea.url } },
    choose: 'singapore',
    more,
  });

beforeEach(async () => {
  folder = await openTempFolder('benchmark');
  [singapore, korea] = [await openTestRegistry(), await openTestRegistry()];
  service = await open();
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([singapore.close(), korea.close()]);
  await folder.remove();
});

async function run(request: Record<string, unknown>): Promise<Body> {
  const { status, body } = await service.api.send('POST', '/v1/benchmarks', request);
  expect([status, body.code]).toEqual([202, undefined]);
  return body as Body;
}

const get = async (id: string) => (await service.api.send('GET', `/v1/benchmarks/${id}`)).body as Body;
const samplesOf = async (id: string) =>
  (await service.api.send('GET', `/v1/benchmarks/${id}/samples`)).body.items as SampleBody[];
const until = (id: string, isSo: (body: Body) => boolean) =>
  eventually(
    async () => {
      const body = await get(id);
      if (!isSo(body)) throw new Error(JSON.stringify(body));
      return body;
    },
    { what: `the benchmark ${id}`, deadlineMs: 20_000 },
  );

test('a campaign measures every relay, leaves nothing behind and can be reported; a failing one is a sample', async () => {
  korea.failNext('PATCH', { reset: true, afterBytes: 10_000 });
  const { id, expectedBytes } = await run({ rounds: 1, payloads: ['100kB'], seed: 7 });
  expect(expectedBytes).toBe(200_000);
  await until(id, ({ state }) => state === 'finished');
  const samples = await samplesOf(id);
  expect(samples.map(({ registry, ok, error }) => [registry, ok, error?.code ?? null])).toEqual([
    ['korea', false, 'connection_lost'],
    ['singapore', true, null],
  ]);
  expect(singapore.count('POST', /\/v2\/web3d\/entrepot-bench\/payloads\/blobs\/uploads/)).toBe(1);
  expect(singapore.count('PUT')).toBe(0);
  expect(singapore.count('DELETE', /uploads/)).toBe(1);

  const report = await service.api.send('GET', `/v1/benchmarks/${id}/report`);
  expect(report.status).toBe(200);
  expect((report.body.series as { registry: string; samples: number }[]).map((each) => each.registry).sort()).toEqual([
    'korea',
    'singapore',
  ]);
});

test('a sample moves the chunks that a transfer to a near registry would', async () => {
  const { id } = await run({ rounds: 1, payloads: ['10MB'], registries: ['singapore'], idle: '200ms' });
  await until(id, ({ state }) => state === 'finished');
  // 8 MiB and the rest; a far one would get all in one.
  expect(singapore.count('PATCH')).toBe(2);
});

test('it goes on after a restart, and no sample is taken twice', async () => {
  const { id } = await run({ rounds: 2, payloads: ['100kB'], seed: 1 });
  await until(id, ({ samples }) => samples >= 1);
  await service.stop();
  service = await open();
  await until(id, ({ state }) => state === 'finished');
  const rounds = (await samplesOf(id)).map(({ registry, round }) => `${round} ${registry}`);
  expect(rounds).toHaveLength(4);
  expect(new Set(rounds).size).toBe(4);
});

test('it is stopped at once and resumed where it stood', async () => {
  const { id } = await run({ rounds: 50, payloads: ['100kB'] });
  await until(id, ({ samples }) => samples >= 1);
  const stopped = (await service.api.send('POST', `/v1/benchmarks/${id}/stop`)).body as Body;
  expect(stopped.state).toBe('stopped');
  expect((await get(id)).samples).toBe(stopped.samples);
  expect((await service.api.send('POST', `/v1/benchmarks/${id}/stop`)).body.code).toBe('already_finished');
  await service.api.send('POST', `/v1/benchmarks/${id}/resume`);
  await until(id, ({ samples }) => samples > stopped.samples);
});

test('a budget that is used up is waited for, never exceeded', async () => {
  await service.stop();
  service = await open({ measuring: { bytesPerDay: '1MB', bytesPerDayAndRegistry: '150kB' } });
  const { id } = await run({ rounds: 3, payloads: ['100kB'] });
  const waiting = await until(id, ({ waitingFor }) => waitingFor === 'budget');
  expect(waiting).toMatchObject({ state: 'running', roundsDone: 1, samples: 2 });
  expect(singapore.count('PATCH') + korea.count('PATCH')).toBe(2);
});

test.each([
  [{ rounds: 0 }, 'rounds'],
  [{ rounds: 1, payloads: ['6GB'] }, 'payloads'],
  [{ rounds: 1, payloads: ['1B'] }, 'payloads'],
  [{ rounds: 1, idle: '0s' }, 'idle'],
  [{ rounds: 1, idle: 'short' }, 'idle'],
  [{ rounds: 1, legs: [] }, 'legs'],
])('%j is refused', async (request, path) => {
  const { status, body } = await service.api.send('POST', '/v1/benchmarks', request);
  expect([status, body.code]).toEqual([400, 'validation_failed']);
  expect(JSON.stringify(body.errors)).toContain(path);
});

test('a registry that is not configured is unknown, as everywhere', async () => {
  const request = { rounds: 1, registries: ['singapore', 'nowhere'] };
  const { status, body } = await service.api.send('POST', '/v1/benchmarks', request);
  expect([status, body.code]).toEqual([404, 'registry_unknown']);
  expect(body.detail).toContain('"nowhere"; there are: ');
});
