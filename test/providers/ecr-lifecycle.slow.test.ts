import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseDigest } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { openNoticeReceiver } from '../notify/notice-receiver.ts';
import { DOUBLE_KEYS } from '../support/cloud/double-keys.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { TestClock } from '../support/test-clock.ts';
import { makeImage, type TestImage } from '../support/test-image.ts';

const saved = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, DOUBLE_KEYS);
});
afterEach(() => {
  process.env = { ...saved };
});

/** A service between a source, Aliyun, and ECR Singapore that is chosen; its clock can be hurried. */
async function openWorld(more: Record<string, unknown>) {
  await using opened = new AsyncDisposableStack();
  const ecr = opened.use(await openEcrDouble());
  const aliyun = opened.use(await openTestRegistry());
  const source = opened.use(await openTestRegistry());
  const clock = new TestClock();
  const entry = { kind: 'ecr', region: 'ap-southeast-1', credentials: { aws: { endpoint: ecr.apiUrl } } };
  const service = opened.use(
    await openTestService({
      registries: { aliyun, singapore: { url: ecr.registry.url, entry } },
      ...{ source, choose: 'singapore', clock, env: { HOOK: 'hush' }, more },
    }),
  );
  const { api } = service;
  const kept = opened.move();
  return {
    ...{ ecr, aliyun, source, clock, service },
    /** Has it placed everywhere, as v1. */
    async push(name: string, image: TestImage) {
      await seedImage(source, name, 'v1', image);
      const { id } = await api.push({ image: `${name}:v1`, source: `harbor.bj/${name}:v1` });
      await api.untilFinal(id, 'placed');
    },
    resolved: async () => (await api.resolve('team/app:v1', 'us-east-prod')).body,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

it('an image that a lifecycle policy has removed is noticed, withdrawn, told, and brought back from the depot', async () => {
  await using receiver = await openNoticeReceiver();
  await using world = await openWorld({
    notify: {
      receivers: { team: { kind: 'webhook', url: receiver.url, secret: 'env:HOOK' } },
      subscriptions: [{ receiver: 'team', events: ['placement.lost', 'placement.repaired'] }],
    },
  });
  const { ecr, source, clock, service, resolved } = world;
  const image = makeImage({ layers: [{ size: 300_000 }, { size: 20_000, seed: 'second' }] });
  await world.push('team/app', image);
  expect(await resolved()).toMatchObject({ state: 'chosen', registry: 'singapore' });

  await ecr.expire(parseRepositoryName('team/app'), parseDigest(image.digest));
  // Nothing is to be had from the source any more: what comes back comes from here.
  await source.stop();
  // The repair has to wait for its next tries, and time stands still as soon as the loss is noticed: it can be looked at.
  ecr.registry.failNext('PUT', { path: /manifests/, status: 503, times: 2 });
  clock.advance(25 * 3_600_000);
  const hurried = (what: string, holds: () => Promise<boolean> | boolean) =>
    eventually(
      async () => {
        if (await holds()) return true;
        clock.advance(30_000);
        return false;
      },
      { what, deadlineMs: 20_000, everyMs: 200 },
    );
  await hurried('the loss noticed', () => service.logged.some(({ event }) => event === 'placement lost'));
  const meanwhile = await resolved();
  expect(meanwhile).toMatchObject({ state: 'fallback', registry: 'aliyun' });
  expect(meanwhile.reason).toContain('singapore');
  await hurried('the image back', async () => (await resolved()).state === 'chosen');
  expect(await resolved()).toMatchObject({ registry: 'singapore', sourceDigest: image.digest });
  await hurried('both told', () => receiver.received.length >= 2);
  expect(receiver.received.map(({ body }) => body.event ?? body.type)).toEqual([
    'placement.lost',
    'placement.repaired',
  ]);
});

it('and from the other registry, where depot and source have it no more', async () => {
  // Room for one image at a time.
  await using world = await openWorld({ limits: { depotBytes: '1MiB' } });
  const { ecr, aliyun, source, clock, service, resolved } = world;
  const image = makeImage({ layers: [{ size: 300_000 }] });
  await world.push('team/app', image);
  await world.push('team/other', makeImage({ seed: 'other', layers: [{ size: 1_000_000, seed: 'other' }] }));
  await ecr.expire(parseRepositoryName('team/app'), parseDigest(image.digest));
  await source.stop();
  clock.advance(25 * 3_600_000);
  aliyun.forgetRequests();
  await eventually(
    async () => {
      const isLost = service.logged.some(({ event }) => event === 'placement lost');
      if (isLost && (await resolved()).state === 'chosen') return true;
      clock.advance(30_000);
      return false;
    },
    { what: 'the image back', deadlineMs: 25_000, everyMs: 200 },
  );
  expect(aliyun.count('GET', /\/blobs\//)).toBeGreaterThan(0);
});
