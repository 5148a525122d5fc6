import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService, type TestService } from '../support/service.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';

const linesOf = (service: TestService, requestId: string) =>
  service.logged.filter((line) => line.requestId === requestId).map(({ event }) => event);

it('what a call set going is found in the log by its request id, also after a restart, and who called by name', async () => {
  await using folder = await openTempFolder('trail');
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  const image = makeImage({ layers: [{ size: 5_000 }] });
  await seedImage(source, 'team/app', '1', image);
  const options = { registries: { aliyun }, source, folder: folder.path };
  const first = await openTestService(options);
  const ci = await first.api.withToken({ role: 'ci', name: 'team-ci', images: ['team/*'] });
  aliyun.failNext('PUT', { status: 503 });
  const headers = { 'x-request-id': 'build-17' };
  const asked = await ci.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' }, headers);
  expect(asked).toMatchObject({ requestId: 'build-17' });
  await first.stop();
  expect(linesOf(first, 'build-17')).toEqual(expect.arrayContaining(['push accepted', 'request']));
  expect(first.logged).toContainEqual(
    expect.objectContaining({ event: 'request', method: 'POST', path: '/v1/pushes', caller: 'team-ci' }),
  );

  await using second = await openTestService(options);
  await second.api.untilFinal(asked.id, 'placed', '20s');
  expect(linesOf(second, 'build-17')).toEqual(expect.arrayContaining(['transfer placed', 'push finished']));
  expect(await second.api.getPush(asked.id)).toMatchObject({ requestId: 'build-17' });
  const events = await second.api.fetch(`/v1/pushes/${asked.id}/events`);
  expect(await events.text()).toContain('"requestId":"build-17"');

  await second.api.send('GET', '/v1/resolve?image=team/app:1&cluster=cn-prod');
  await second.api.fetch('/v2/team/app/manifests/2');
  const callerOf = (path: string) =>
    second.logged.find((line) => line.event === 'request' && line.path === path)?.caller;
  expect(callerOf('/v1/resolve')).toBe('admin');
  await eventually(() => callerOf('/v2/team/app/manifests/2') === 'admin', { what: 'the line about the door' });
  const all = JSON.stringify([first.logged, second.logged]);
  for (const secret of [TEST_TOKEN, ci.token]) expect(all).not.toContain(secret);
});
