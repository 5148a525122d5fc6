import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestService, type TestService } from '../support/service.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';

type Body = Record<string, unknown> & { id: string; state: string; leftOut: { registry: string; reason: string }[] };
type SampleBody = {
  id: string;
  registry: string;
  ok: boolean;
  at: string;
  error: { code: string; step: string } | null;
};

let folder: TempFolder;
let singapore: TestRegistry;
let korea: TestRegistry;
let dead: Server;
let deadUrl: string;
const sockets = new Set<Socket>();
let service: TestService;

const open = (more: Record<string, unknown> = {}) =>
  openTestService({
    folder: folder.path,
    registries: { singapore: { url: singapore.url }, korea: { url: korea.url }, japan: { url: deadUrl } },
    choose: 'singapore',
    more,
  });

beforeEach(async () => {
  folder = await openTempFolder('trouble');
  [singapore, korea] = [await openTestRegistry(), await openTestRegistry()];
  // Takes connections and never says a word.
  dead = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => void dead.listen(0, '127.0.0.1', resolve));
  const address = dead.address();
  deadUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => dead.close(resolve));
  await Promise.all([singapore.close(), korea.close()]);
  await folder.remove();
});

const run = async (request: Record<string, unknown>) =>
  (await service.api.send('POST', '/v1/benchmarks', { payloads: ['100kB'], idle: '200ms', seed: 3, ...request }))
    .body as Body;
const get = async (id: string) => (await service.api.send('GET', `/v1/benchmarks/${id}`)).body as Body;
const samplesOf = async (id: string) =>
  (await service.api.send('GET', `/v1/benchmarks/${id}/samples`)).body.items as SampleBody[];
const finished = (id: string) =>
  eventually(async () => (await get(id)).state === 'finished', {
    what: 'the end of the benchmark',
    deadlineMs: 30_000,
  });

test('a registry that never answers holds up nobody, and each of its samples is a row', async () => {
  service = await open();
  const { id } = await run({ rounds: 4 });
  await eventually(async () => (await get(id)).leftOut.length > 0, { what: 'the registry aside', deadlineMs: 20_000 });
  expect((await get(id)).leftOut).toEqual([{ registry: 'japan', reason: 'unreachable' }]);
  await finished(id);
  const samples = await samplesOf(id);
  const failed = samples.filter(({ ok }) => !ok);
  expect(samples).toHaveLength(12);
  expect(failed.map(({ registry, error }) => `${registry} ${error?.code} ${error?.step}`)).toEqual(
    Array(4).fill('japan timed_out probe'),
  );
  // Found out once, in the background; every later round goes on as if it were not there.
  const [first, last] = [failed.at(0)?.at ?? '', failed.at(-1)?.at ?? ''];
  const others = samples.filter(({ ok, at }) => ok && at < first);
  expect(others).toHaveLength(2);
  expect(Date.parse(last) - Date.parse(first)).toBeLessThan(4_000);
}, 40_000);

test('a registry whose bytes of the day are used up is left out while the others go on; without any left all wait', async () => {
  service = await open({ measuring: { bytesPerDay: '1MB', bytesPerDayAndRegistry: '250kB' } });
  await finished((await run({ rounds: 1, registries: ['korea'], payloads: ['200kB'] })).id);
  const { id } = await run({ rounds: 3, registries: ['korea', 'singapore'] });
  const waiting = await eventually(
    async () => {
      const body = await get(id);
      return body.waitingFor === 'budget' ? body : undefined;
    },
    { what: 'the wait for the budget', deadlineMs: 20_000 },
  );
  expect(waiting.state).toBe('running');
  const rows = (await samplesOf(id)).map(({ registry, error }) => `${registry} ${error?.code ?? 'ok'}`).sort();
  expect(rows.filter((row) => row.startsWith('singapore'))).toEqual(['singapore ok', 'singapore ok']);
  expect(new Set(rows.filter((row) => row.startsWith('korea')))).toEqual(new Set(['korea budget_used_up']));
  const report = await service.api.send('GET', `/v1/benchmarks/${id}/report`);
  expect((report.body.series as { registry: string }[]).map(({ registry }) => registry)).toEqual(['singapore']);
});
