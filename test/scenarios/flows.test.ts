import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { openTestService } from '../support/service.ts';
import { openTempFolder } from '../support/temp-folder.ts';

test('a campaign compares one connection with eight, once for each registry, and the report says what that tells', async () => {
  const folder = await openTempFolder('flows');
  const [singapore, korea] = [await openTestRegistry(), await openTestRegistry()];
  const service = await openTestService({
    folder: folder.path,
    registries: { singapore: { url: singapore.url }, korea: { url: korea.url } },
    choose: 'singapore',
    more: { measuring: { bytesPerDay: '70MB', bytesPerDayAndRegistry: '40MB' } },
  });
  try {
    const wanted = { rounds: 1, payloads: ['100kB'], idle: '200ms', flows: true };
    const { status, body } = await service.api.send('POST', '/v1/benchmarks', wanted);
    expect([status, body.expectedBytes]).toEqual([202, 64_200_000]);
    const get = async () => (await service.api.send('GET', `/v1/benchmarks/${body.id}`)).body;
    await eventually(async () => (await get()).state === 'finished', { what: 'the comparison', deadlineMs: 20_000 });
    // One for the sample, one and eight for the comparison; nothing is left of any.
    for (const registry of [singapore, korea]) {
      expect(registry.count('POST', /uploads/)).toBe(10);
      expect(registry.count('DELETE', /uploads/)).toBe(10);
    }

    const report = `/v1/benchmarks/${body.id}/report`;
    const series = (await service.api.send('GET', report)).body.series as { registry: string; flows: unknown }[];
    expect(series.map(({ registry }) => registry).sort()).toEqual(['korea', 'singapore']);
    for (const { flows } of series)
      expect(flows).toMatchObject({ verdict: 'unknown', one: { flows: 1 }, eight: { flows: 8 } });
    const csv = await service.api.send('GET', `${report}?format=csv`);
    expect(csv.body.text).toMatch(/flows_verdict,flows_ratio,flows_sentence.*\r\n.*,unknown,,"not known, because/);
    const page = await service.api.send('GET', `${report}?format=html`);
    expect(page.body.text).toContain('One connection against eight');

    // They count in the budget: there is no room for two more.
    const again = await service.api.send('POST', '/v1/benchmarks', { ...wanted, registries: ['korea'] });
    await eventually(
      async () => (await service.api.send('GET', `/v1/benchmarks/${again.body.id}`)).body.waitingFor === 'budget',
      { what: 'waiting for the budget', deadlineMs: 20_000 },
    );
  } finally {
    await service[Symbol.asyncDispose]();
    await Promise.all([singapore.close(), korea.close()]);
    await folder.remove();
  }
});

test('a comparison is of uploads, and must fit the budget', async () => {
  const folder = await openTempFolder('flows');
  const singapore = await openTestRegistry();
  const service = await openTestService({
    folder: folder.path,
    registries: { singapore: { url: singapore.url } },
    choose: 'singapore',
    more: { measuring: { bytesPerDayAndRegistry: '20MB' } },
  });
  try {
    const wanted = { rounds: 1, payloads: ['100kB'], flows: true };
    const { status, body } = await service.api.send('POST', '/v1/benchmarks', wanted);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringMatching(/flows.*must fit the budget of a day/)]);
  } finally {
    await service[Symbol.asyncDispose]();
    await singapore.close();
    await folder.remove();
  }
});
