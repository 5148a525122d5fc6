import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Notifier } from '../../src/notify/notifier.ts';
import { openNoticeReceiver } from '../notify/notice-receiver.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { renderServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';

const tell = Notifier.prototype.tell;
afterEach(() => {
  Notifier.prototype.tell = tell;
});

async function openWorld(event: string) {
  const opened = new AsyncDisposableStack();
  const folder = opened.use(await openTempFolder('catch-up'));
  const source = opened.use(await openTestRegistry());
  const aliyun = opened.use(await openTestRegistry());
  const team = opened.use(await openNoticeReceiver());
  await seedImage(source, 'team/app', '1', makeImage({ layers: [{ size: 3_000 }] }));
  const config = {
    registries: { aliyun, singapore: { url: 'http://127.0.0.1:9' } },
    source,
    more: {
      notify: {
        receivers: { team: { kind: 'webhook', url: team.url, secret: 'env:HOOK' } },
        subscriptions: [{ receiver: 'team', events: [event] }],
      },
    },
  };
  const env = { HOOK: 'hush' };
  const told = () => team.received.filter(({ body }) => body.type === event);
  return {
    ...{ config, env, told, folder: folder.path, team },
    open: () => openTestService({ ...config, env, folder: join(folder.path, 'data') }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const request = { image: 'team/app:1', source: 'harbor.bj/team/app:1' };

it.each(
  ['push.placed', 'push.failed', 'transfer.failed', 'choice.changed'].flatMap((event) =>
    (['before', 'after'] as const).map((when) => [event, when] as const),
  ),
)(
  '%s is told once when nothing comes to be told from just %s it is journalled',
  { timeout: 60_000 },
  async (event, when) => {
    await using world = await openWorld(event);
    // The first start of a data folder has missed nothing.
    await (await world.open()).stop();
    let isDead = false;
    Notifier.prototype.tell = async function (occurrence) {
      const isIt = occurrence.event === event;
      if (isDead || (isIt && when === 'before')) {
        isDead = true;
        return;
      }
      await tell.call(this, occurrence);
      if (isIt) isDead = true;
    };
    const first = await world.open();
    if (event === 'choice.changed') await first.api.send('PUT', '/v1/choices/*', { registry: 'singapore' });
    else if (event === 'push.placed') await first.api.push({ ...request, targets: ['aliyun'] });
    else await first.api.push({ ...request, targets: ['singapore'], deadline: '1s' });
    await eventually(() => isDead, { what: 'the instant', deadlineMs: 30_000 });
    if (event === 'transfer.failed') {
      const { id } = ((await first.api.send('GET', '/v1/pushes')).body.items as { id: string }[])[0] ?? { id: '' };
      await first.api.untilFinal(id, 'failed', '20s');
    }
    await first.stop();
    Notifier.prototype.tell = tell;
    for (let starts = 0; starts < 2; starts += 1) {
      await using service = await world.open();
      await eventually(() => world.told().length > 0, { what: 'the notice', deadlineMs: 20_000 });
      await service.api.send('POST', '/v1/notifications/test', { receiver: 'team' });
      await eventually(() => world.team.received.at(-1)?.body.type === 'test', { what: 'what comes after it' });
    }
    expect(new Set(world.told().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  },
);

it('a process that is killed in the instant in which a push is placed tells it after the restart', {
  timeout: 180_000,
}, async () => {
  await using world = await openWorld('push.placed');
  const notifier = pathToFileURL(resolve(import.meta.dirname, '../../src/notify/notifier.ts')).href;
  const preload = join(world.folder, 'dies.mjs');
  await writeFile(
    preload,
    `import { Notifier } from ${JSON.stringify(notifier)};
     const tell = Notifier.prototype.tell;
     Notifier.prototype.tell = function (occurrence) {
       if (occurrence.event === 'push.placed') process.kill(process.pid, 'SIGKILL');
       return tell.call(this, occurrence);
     };`,
  );
  const configPath = join(world.folder, 'regions.yaml');
  await writeFile(configPath, renderServiceConfig(world.config));
  const dataPath = join(world.folder, 'killed');
  const start = (more: Record<string, string> = {}) =>
    startServiceProcess({ configPath, dataPath, env: { ...world.env, ...more }, listensWithinMs: 60_000 });
  await (await start()).stop();
  const dying = await start({ NODE_OPTIONS: `--import ${pathToFileURL(preload).href}` });
  await dying.api.push({ ...request, targets: ['aliyun'] });
  await eventually(() => dying.hasEnded, { what: 'its death', deadlineMs: 60_000 });
  expect(world.told()).toEqual([]);
  await using service = await start();
  await eventually(() => world.told().length === 1, { what: 'the notice', deadlineMs: 30_000 });
  expect(world.told()[0]?.body.data.text).toContain('[placed][push][team/app:1]');
  expect(service.pid).not.toBe(dying.pid);
});
