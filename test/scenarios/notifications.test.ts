import { expect, it } from 'vitest';
import { openNoticeReceiver } from '../notify/notice-receiver.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { TestClock } from '../support/test-clock.ts';
import { makeImage } from '../support/test-image.ts';

it('a failing leg is told once, its end too; a dead receiver delays nobody, and what it missed arrives after a restart', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await using team = await openNoticeReceiver();
  await using dead = await openNoticeReceiver();
  dead.answerAlways({ status: 500 });
  team.answerNext({ status: 503 });
  await seedImage(source, 'team/app', '1.2.3', makeImage());
  const clock = new TestClock();
  const receivers = {
    team: { kind: 'webhook', url: team.url, secret: 'env:HOOK' },
    dead: { kind: 'webhook', url: dead.url, secret: 'env:HOOK' },
  };
  const options = {
    source,
    registries: { aliyun, singapore },
    choose: 'singapore',
    env: { HOOK: 'hush' },
    clock,
    more: {
      notify: {
        publicUrl: 'https://entrepot.example/',
        receivers,
        subscriptions: [{ receiver: 'team', events: ['push.placed', 'transfer.failed'], images: ['team/*'] }],
      },
    },
  };
  const first = await openTestService(options);
  const { api } = first;
  const made = await api.send('POST', '/v1/notifications', { receiver: 'dead', events: ['push.placed'] });
  expect([made.status, made.body]).toMatchObject([201, { receiver: 'dead', source: 'api', images: ['*'] }]);
  expect((await api.send('POST', '/v1/notifications', { receiver: 'nobody' })).body).toMatchObject({
    code: 'receiver_unknown',
  });
  // No image has such a name: nothing would ever be told.
  expect(
    (await api.send('POST', '/v1/notifications', { receiver: 'dead', images: ['team/*', 'Team/*'] })).body,
  ).toMatchObject({ code: 'validation_failed', detail: expect.stringContaining('images[1] is neither an image name') });

  await singapore.stop();
  const { id } = await api.push({ image: 'team/app:1.2.3', source: 'harbor.bj/team/app:1.2.3' });
  await api.untilLeg(id, 'aliyun', (leg) => leg.state === 'placed');
  for (const attempts of [1, 2, 3, 4]) {
    await api.untilLeg(id, 'singapore', (leg) => leg.state === 'waiting' && leg.attempts >= attempts);
    if (attempts < 4) await api.send('POST', `/v1/pushes/${id}/retry`);
  }
  const hurried = async (what: string, holds: () => boolean | Promise<boolean>) =>
    eventually(
      async () => {
        clock.advance(500);
        return holds();
      },
      { what, deadlineMs: 20_000 },
    );
  await hurried('the failure being told at the second attempt', () => team.received.length === 2);
  const [refused, failure] = team.received;
  expect(failure?.headers['webhook-id']).toBe(refused?.headers['webhook-id']);
  expect(failure?.body).toMatchObject({
    type: 'transfer.failed',
    data: { image: 'team/app:1.2.3', registry: 'singapore' },
  });
  expect(failure?.body.data.text).toMatch(/^\[failed\]\[transfer\]\[team\/app:1\.2\.3\] singapore: /);
  expect(failure?.body.data.link).toBe(`https://entrepot.example/v1/pushes/${id}`);
  expect(failure?.body.data.legs).toEqual([{ registry: 'aliyun', state: 'placed' }]);

  await singapore.start();
  await api.send('POST', `/v1/pushes/${id}/retry`);
  await api.untilFinal(id);
  await hurried('the end of it being told', () => team.received.length === 4);
  const told = team.received.slice(2).map(({ body }) => [body.type, body.data.outcome, body.data.count]);
  expect(told).toEqual([
    ['transfer.recovered', 'recovered', expect.any(Number)],
    ['push.placed', 'placed', 1],
  ]);
  expect(Number(told[0]?.[2])).toBeGreaterThanOrEqual(2);

  await hurried('the dead receiver being tried again', () => dead.received.length >= 2);
  const pending = (await api.send('GET', '/v1/notifications/deliveries?receiver=dead')).body.items;
  expect(pending).toMatchObject([
    { state: 'pending', event: 'push.placed', lastError: 'the receiver answered 500: {}' },
  ]);
  const metrics = await (await api.fetch('/metrics')).text();
  expect(metrics).toContain('entrepot_notices_total{receiver="team",outcome="delivered"} 3');
  await first.stop();

  dead.answerAlways({});
  await using second = await openTestService({ ...options, folder: first.folder });
  await hurried('what was missed arriving', async () => {
    const { body } = await second.api.send('GET', '/v1/notifications/deliveries?receiver=dead&state=delivered');
    return Array.isArray(body.items) && body.items.length === 1;
  });
  expect(new Set(dead.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect((await second.api.send('GET', '/v1/notifications')).body.items).toMatchObject([
    { receiver: 'team', source: 'configuration', id: null },
    { receiver: 'dead', source: 'api', createdBy: 'admin' },
  ]);
  expect((await second.api.send('DELETE', `/v1/notifications/${String(made.body.id)}`)).status).toBe(200);
  expect((await second.api.send('POST', '/v1/notifications/test', { receiver: 'dead' })).status).toBe(202);
  await hurried('the test arriving', () => dead.received.at(-1)?.body.type === 'test');
});
