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
import { makeImage } from '../support/test-image.ts';

const saved = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, DOUBLE_KEYS);
});
afterEach(() => {
  process.env = { ...saved };
});

it('an image that a lifecycle policy has removed is noticed, withdrawn, told, and brought back from the depot', async () => {
  await using ecr = await openEcrDouble();
  await using aliyun = await openTestRegistry();
  await using source = await openTestRegistry();
  await using receiver = await openNoticeReceiver();
  const clock = new TestClock();
  const aws = { aws: { endpoint: ecr.apiUrl } };
  await using service = await openTestService({
    registries: {
      aliyun,
      singapore: { url: ecr.registry.url, entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: aws } },
    },
    source,
    choose: 'singapore',
    clock,
    env: { HOOK: 'hush' },
    more: {
      notify: {
        receivers: { team: { kind: 'webhook', url: receiver.url, secret: 'env:HOOK' } },
        subscriptions: [{ receiver: 'team', events: ['placement.lost', 'placement.repaired'] }],
      },
    },
  });
  const { api } = service;
  const image = makeImage({ layers: [{ size: 300_000 }, { size: 20_000, seed: 'second' }] });
  await seedImage(source, 'team/app', 'v1', image);
  await api.untilFinal((await api.push({ image: 'team/app:v1', source: 'harbor.bj/team/app:v1' })).id, 'placed');
  const resolved = async () => (await api.resolve('team/app:v1', 'us-east-prod')).body;
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
  await using ecr = await openEcrDouble();
  await using aliyun = await openTestRegistry();
  await using source = await openTestRegistry();
  const clock = new TestClock();
  const aws = { aws: { endpoint: ecr.apiUrl } };
  const image = makeImage({ layers: [{ size: 300_000 }] });
  await seedImage(source, 'team/app', 'v1', image);
  await using service = await openTestService({
    registries: {
      aliyun,
      singapore: { url: ecr.registry.url, entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: aws } },
    },
    source,
    choose: 'singapore',
    clock,
    // Room for one image at a time.
    more: { limits: { depotBytes: '1MiB' } },
  });
  const { api } = service;
  const push = async (name: string) => {
    const { id } = await api.push({ image: name, source: `harbor.bj/${name}` });
    await api.untilFinal(id, 'placed');
  };
  await push('team/app:v1');
  await seedImage(
    source,
    'team/other',
    'v1',
    makeImage({ seed: 'other', layers: [{ size: 1_000_000, seed: 'other' }] }),
  );
  await push('team/other:v1');
  await ecr.expire(parseRepositoryName('team/app'), parseDigest(image.digest));
  await source.stop();
  clock.advance(25 * 3_600_000);
  aliyun.forgetRequests();
  const resolved = async () => (await api.resolve('team/app:v1', 'us-east-prod')).body;
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
