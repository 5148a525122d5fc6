import { expect, it } from 'vitest';
import { openPathHistories } from '../../../src/app/path-histories.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openStore } from '../../../src/store/store.ts';
import { AT, REFERENCE, sampleMeasurement } from '../../conformance/measurement-samples.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { legOf } from '../../support/service-api.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';

const LAYER = 3 * 2 ** 20;

it('a leg is estimated by the ones before it, also after a restart, and the error of that is told', async () => {
  await using source = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await using folder = await openTempFolder('estimates');
  const tags = ['1', '2', '3'];
  for (const [seed, tag] of tags.entries())
    await seedImage(source, 'team/app', tag, makeImage({ seed: seed + 1, layers: [{ size: LAYER }] }));
  const open = () => openTestService({ source, registries: { singapore }, choose: 'singapore', folder: folder.path });
  const push = { image: 'team/app', source: 'harbor.bj/team/app', targets: ['singapore'] };
  {
    await using service = await open();
    const first = await service.api.push({ ...push, image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    const { estimate, expectedAt } = legOf(first, 'singapore');
    expect(estimate).toEqual({ basis: 'none', samples: 0, medianMs: null, p90Ms: null });
    expect(expectedAt).toBeNull();
    const placed = legOf(await service.api.untilFinal(first.id), 'singapore');
    expect(placed).toMatchObject({ estimate: null, prediction: { basis: 'none', medianMs: null, error: null } });
  }
  await using service = await open();
  const second = await service.api.push({ ...push, image: 'team/app:2', source: 'harbor.bj/team/app:2' });
  expect(legOf(second, 'singapore').estimate).toMatchObject({ basis: 'history', samples: 1, p90Ms: null });
  const leg = legOf(await service.api.untilFinal(second.id), 'singapore');
  const { at, medianMs, error } = leg.prediction ?? {};
  expect(leg.prediction).toMatchObject({ basis: 'history', samples: 1 });
  const tookMs = Date.parse(leg.placedAt ?? '') - Date.parse(at ?? '');
  expect(error).toBeCloseTo(((medianMs ?? 0) - tookMs) / tookMs, 6);
  const listed = await service.api.send('GET', '/v1/pushes?limit=1');
  expect(listed.body).toMatchObject({ items: [{ transfers: [{ prediction: leg.prediction }] }] });
  await eventually(async () => {
    const figures = await (await service.api.fetch('/metrics')).text();
    const direction = (error ?? 0) < 0 ? 'late' : 'early';
    return figures.includes(`entrepot_estimate_error_ratio_count{registry="singapore",direction="${direction}"} 1`);
  });
});

it('goes by benchmarks where no leg has been placed, and by legs from the first one on', async () => {
  await using folder = await openTempFolder('estimates');
  const store = await openStore({ folder: folder.path });
  try {
    const upload = (id: string, change = {}) =>
      sampleMeasurement(id, { payloadBytes: 10_000_000, setupSeconds: 0.5, rate: 1e6, ...change });
    await store.measurements.record(
      [
        ...['a', 'b', 'c', 'd', 'e'].map((id) => upload(id)),
        upload('busy', { suspect: true, rate: 1 }),
        upload('failed', { ok: false, rate: null }),
        upload('download', { leg: 'download', rate: 1 }),
        upload('elsewhere', { registry: 'korea', rate: 1 }),
      ],
      REFERENCE,
    );
    const onError = (error: unknown) => {
      throw error;
    };
    const histories = openPathHistories({ store, clock: systemClock, onError });
    await histories.load(['singapore', 'japan']);
    expect(histories.expect('singapore', 20_000_000)).toEqual({
      basis: 'benchmark',
      samples: 5,
      medianMs: 20_500,
      p90Ms: 20_500,
    });
    expect(histories.expect('japan', 20_000_000)).toMatchObject({ basis: 'none', medianMs: null });
    histories.add('singapore', { at: AT, bytes: 10_000_000, headMs: 1_000, moveMs: 30_000, tailMs: 1_000 });
    expect(histories.expect('singapore', 20_000_000)).toEqual({
      basis: 'history',
      samples: 1,
      medianMs: 62_000,
      p90Ms: null,
    });
  } finally {
    await store.close();
  }
});

it('a leg that waits for its place is expected after those that are before it', async () => {
  await using source = await openTestRegistry();
  await using singapore = await openTestRegistry();
  const tags = ['1', '2', '3', '4'];
  for (const [seed, tag] of tags.entries())
    await seedImage(source, 'team/app', tag, makeImage({ seed: seed + 1, layers: [{ size: LAYER }] }));
  await using service = await openTestService({
    source,
    registries: { singapore },
    choose: 'singapore',
    more: { limits: { transfersPerRegistry: 1 } },
  });
  const push = async (tag: string) =>
    await service.api.push({
      image: `team/app:${tag}`,
      source: `harbor.bj/team/app:${tag}`,
      targets: ['singapore'],
    });
  const first = await push('1');
  await service.api.untilFinal(first.id);
  singapore.failNext('POST', { stall: true, path: /uploads/ });
  singapore.forgetRequests();
  await push('2');
  await eventually(() => singapore.count('POST', /uploads/) > 0);
  const [third, fourth] = [await push('3'), await push('4')];
  const [before, after] = (await Promise.all([third, fourth].map(({ id }) => service.api.getPush(id)))).map(
    (each) => legOf(each, 'singapore').estimate?.medianMs ?? 0,
  );
  expect(before).toBeGreaterThan(0);
  // One more is before it, which is expected to take as long as the first one did.
  expect(after).toBeGreaterThan(1.2 * (before ?? 0));
});

it('a leg says which congestion control its bytes had, and how many connections were given up', async () => {
  await using source = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await seedImage(source, 'team/app', '1', makeImage({ layers: [{ size: LAYER }] }));
  await using service = await openTestService({
    source,
    registries: { singapore },
    choose: 'singapore',
    more: { limits: { stall: '400ms', chunkBytes: '1MiB' } },
  });
  singapore.failNext('PATCH', { stall: true, afterBytes: 100_000 });
  const { id } = await service.api.push({
    image: 'team/app:1',
    source: 'harbor.bj/team/app:1',
    targets: ['singapore'],
  });
  const leg = legOf(await service.api.untilFinal(id), 'singapore');
  expect(leg).toMatchObject({ state: 'placed', connectionsReplaced: { stalled: 1, slow: 0 } });
  expect(leg.congestionControl).toMatch(/^[a-z0-9_-]+$/);
  expect(service.logged.find(({ event }) => event === 'transfer placed')).toMatchObject({
    congestionControl: leg.congestionControl,
  });
  expect(await (await service.api.fetch('/metrics')).text()).toContain(
    'entrepot_connections_replaced_total{registry="singapore",direction="upload",cause="stalled"} 1',
  );
});
