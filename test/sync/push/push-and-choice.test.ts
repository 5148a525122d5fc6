import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService, type TestService } from '../../support/service.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';

const image = makeImage({ layers: [{ size: 30_000 }] });
let clock: TestClock;
let source: TestRegistry;
let aliyun: TestRegistry;
let singapore: TestRegistry;
let japan: TestRegistry;
let service: TestService;

beforeEach(async () => {
  clock = new TestClock();
  [source, aliyun, singapore, japan] = [
    await openTestRegistry(),
    await openTestRegistry(),
    await openTestRegistry(),
    await openTestRegistry(),
  ];
  for (const repository of ['team/app', 'team/other', 'shop/web']) await seedImage(source, repository, '1', image);
  await seedImage(source, 'team/app', 'build-cache', image);
  service = await openTestService({
    source,
    clock,
    registries: { aliyun, singapore, japan, korea: { url: 'http://127.0.0.1:9', entry: { enabled: false } } },
    choose: 'singapore',
  });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([source, aliyun, singapore, japan].map((registry) => registry.close()));
});

const place = async (name: string) => {
  const { id } = await service.api.push({ image: name, source: `harbor.bj/${name}` });
  await service.api.untilFinal(id);
};
const choose = (image: string, registry: string) =>
  service.api.send('PUT', `/v1/images/${encodeURIComponent(image)}/choice`, { registry, reason: 'steadier' });

it('resolve moves to a new choice exactly when the image is placed there, and says why it does not before', async () => {
  await place('team/app:1');
  await japan.stop();
  expect((await choose('team/app', 'japan')).body).toMatchObject({
    registry: 'japan',
    backfill: { total: 1, placed: 0, failed: 0 },
  });
  const before = (await service.api.resolve('team/app:1', 'us-east-prod')).body;
  expect(before).toMatchObject({
    state: 'fallback',
    registry: 'singapore',
    choice: { registry: 'japan', revision: 1 },
  });
  expect(before.reason).toMatch(/japan .*does not have the image yet; push push_\w+ is bringing it/);
  await service.api.untilLeg(String(before.push), 'japan', (leg) => leg.state === 'waiting');
  await japan.start();
  clock.advance(6 * 60_000);
  expect((await service.api.resolve('team/app:1', 'us-east-prod', '20s')).body).toMatchObject({
    state: 'chosen',
    registry: 'japan',
    reason: null,
  });
  await expectWhole(japan.url, 'team/app', '1', image);
  expect((await service.api.send('GET', '/v1/images/team%2Fapp/choice')).body).toMatchObject({
    backfill: { total: 1, placed: 1, failed: 0 },
  });
  expect((await choose('team/app', 'singapore')).body).toMatchObject({ revision: 2 });
  expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
    state: 'chosen',
    registry: 'singapore',
  });
});

it('a choice for a pattern carries the images that it moves, and no others', async () => {
  for (const name of ['team/app:1', 'team/other:1', 'shop/web:1']) await place(name);
  const chosen = await service.api.send('PUT', `/v1/choices/${encodeURIComponent('team/*')}`, { registry: 'japan' });
  expect(chosen.status).toBe(200);
  for (const name of ['team/app', 'team/other']) {
    await service.api.resolve(`${name}:1`, 'us-east-prod', '10s');
    await expectWhole(japan.url, name, '1', image);
  }
  expect((await service.api.resolve('shop/web:1', 'us-east-prod')).body).toMatchObject({
    registry: 'singapore',
    state: 'chosen',
  });
  expect(japan.count('PUT', /shop/)).toBe(0);
});

it('what the rules keep at home does not cross, neither when it is pushed nor when a choice moves', async () => {
  await place('team/app:build-cache');
  await choose('team/app', 'japan');
  const { body } = await service.api.resolve('team/app:build-cache', 'us-east-prod');
  expect(body).toMatchObject({ state: 'fallback', registry: 'aliyun' });
  expect([singapore.requests.length, japan.requests.length].every((count) => count <= 1)).toBe(true);
});

it('a registry that is switched off cannot be chosen', async () => {
  await place('team/app:1');
  expect((await choose('team/app', 'korea')).status).toBe(400);
  expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
    state: 'chosen',
    registry: 'singapore',
  });
});

it('a push whose source was still being asked when a choice moved goes to where the choice is now', async () => {
  source.failNext('*', { path: /manifests/, delayMs: 300 });
  const asked = source.requests.length;
  const pushed = service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await eventually(() => source.requests.length > asked);
  await choose('team/app', 'japan');
  const { id, transfers } = await pushed;
  expect(transfers.map(({ registry }) => registry)).toEqual(['aliyun', 'singapore']);
  await service.api.untilFinal(id, 'placed');
  expect((await service.api.resolve('team/app:1', 'us-east-prod', '10s')).body).toMatchObject({
    state: 'chosen',
    registry: 'japan',
  });
});

it('a push accepted without a digest before a choice moved goes to where the choice is now', async () => {
  await source.stop();
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await choose('team/app', 'japan');
  await source.start();
  // Hurried time passes for requests under way too, and may make them seem to stall: so in steps, with room between.
  const untilTrue = (what: () => Promise<boolean>) =>
    eventually(
      async () => {
        if (await what()) return true;
        clock.advance(60_000);
        return false;
      },
      { everyMs: 500, deadlineMs: 25_000 },
    );
  await untilTrue(async () => (await service.api.getPush(id)).state === 'placed');
  await untilTrue(async () => (await service.api.resolve('team/app:1', 'us-east-prod')).body.state === 'chosen');
  expect((await service.api.resolve('team/app:1', 'us-east-prod')).body.registry).toBe('japan');
});
