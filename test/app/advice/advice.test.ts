import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulate } from '../../bench/recommend/simulated-weeks.ts';
import { openTestService, type TestService } from '../../support/service.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { recordIn, toRecorded } from './measured-folder.ts';

const registries = {
  singapore: { url: 'http://127.0.0.1:9' },
  korea: { url: 'http://127.0.0.1:9' },
  japan: { url: 'http://127.0.0.1:9' },
};
const even = (rate: number) => ({ day: { rate, fail: 0 }, peak: { rate, fail: 0 } });
const profiles = {
  singapore: even(9),
  korea: { day: { rate: 20, fail: 0.01 }, peak: { rate: 2, fail: 0.02 } },
  japan: even(7),
};
const NOW = Date.now();

let folder: TempFolder;
let service: TestService;

beforeAll(async () => {
  folder = await openTempFolder('advice');
  await recordIn(folder.path, toRecorded(simulate({ profiles, days: 9, seed: 1, noise: 0.1 }), NOW - 60_000));
  service = await openTestService({ folder: folder.path, registries, choose: 'korea' });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await folder.remove();
});

describe('a recommendation', () => {
  test('is reckoned from the raw samples of seven days', async () => {
    const { status, body } = await service.api.send('GET', '/v1/recommendation');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      site: 'us-east',
      state: 'recommended',
      registry: 'singapore',
      because: 'switch',
      incumbent: { registry: 'korea', since: null },
      campaigns: ['bench_1'],
      missing: [],
    });
    expect(body.ranked).toMatchObject([
      { rank: 1, registry: 'singapore', verdict: 'recommended', samples: expect.any(Number) },
      { rank: 2, registry: 'japan', verdict: 'steady' },
      { rank: 3, registry: 'korea', verdict: 'unsteady' },
    ]);
    const [first] = body.ranked as { samples: number }[];
    expect(first?.samples).toBeGreaterThan(160);
  });

  test('depends on the size of the image', async () => {
    const { body } = await service.api.send('GET', '/v1/recommendation?site=us-east&size=1GB');
    expect(body).toMatchObject({ referenceBytes: 1_000_000_000 });
    expect((body.reasons as string[])[0]).toContain('1 GB');
  });

  test.each([
    ['site=mars', 'site'],
    ['image=Team', 'image'],
    ['size=big', 'size'],
    ['size=0', 'size'],
    ['from=me', 'from'],
  ])('refuses %s', async (query, path) => {
    const { status, body } = await service.api.send('GET', `/v1/recommendation?${query}`);
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(body.errors).toMatchObject([{ path }]);
  });
});

describe('a report', () => {
  const get = (path: string, headers: Record<string, string> = {}) => service.api.fetch(path, { headers });

  test('in JSON has a series for each registry and leg, and the recommendation', async () => {
    const { status, body } = await service.api.send('GET', '/v1/benchmarks/bench_1/report');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      benchmark: 'bench_1',
      payloadBytes: 16_000_000,
      recommendation: { registry: 'singapore' },
    });
    expect(
      (body.series as { registry: string; leg: string }[]).map(({ registry, leg }) => `${registry} ${leg}`),
    ).toEqual([
      'singapore upload',
      'singapore download',
      'japan upload',
      'japan download',
      'korea upload',
      'korea download',
    ]);
  });

  test('is a page for a browser, and lines for a spreadsheet', async () => {
    const page = await get('/v1/benchmarks/all/report', { accept: 'text/html,*/*;q=0.8' });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('Recommended for us-east: singapore');
    const csv = await get('/v1/benchmarks/all/report?format=csv&window=1d');
    const lines = (await csv.text()).split('\r\n');
    expect(lines).toHaveLength(8);
    expect(lines[1]).toMatch(/^singapore,upload,recommended,16000000,2[45],0,0,/);
  });

  test('of a benchmark that has just begun says that nothing was measured yet', async () => {
    const wanted = { rounds: 1, legs: ['download'], registries: ['korea'], payloads: ['1MB'] };
    const { id } = (await service.api.send('POST', '/v1/benchmarks', wanted)).body as { id: string };
    const { status, body } = await service.api.send('GET', `/v1/benchmarks/${id}/report`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ benchmark: id, samples: 0, series: [] });
    expect(await (await get(`/v1/benchmarks/${id}/report?format=html`)).text()).toContain('Nothing was measured yet');
    await service.api.send('POST', `/v1/benchmarks/${id}/stop`);
  });

  test.each([
    ['payload=3MB', 'payload', 'nothing was measured with 3 MB; there is 16 MB'],
    ['window=0d', 'window', 'must be an hour at least, such as 30d'],
  ])('refuses %s and says why', async (query, path, detail) => {
    const { status, body } = await service.api.send('GET', `/v1/benchmarks/all/report?${query}`);
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(body.errors).toEqual([{ path, detail }]);
  });

  test('of a benchmark that never was is not found', async () => {
    const { status, body } = await service.api.send('GET', '/v1/benchmarks/bench_9/report');
    expect([status, body.code]).toEqual([404, 'benchmark_unknown']);
  });
});
