import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { depotPaths } from '../../../src/depot/depot-paths.ts';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { askRegistry } from '../../support/registry-place.ts';
import { pushImage, seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import type { ServiceApi } from '../../support/service-api.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';

const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], layers: [{ size: 1_200_000 }] });

/** A service that distributes from `source`, and what is pushed to it, to a registry at home and a relay. */
async function openWorld() {
  const open = new AsyncDisposableStack();
  const folder = open.use(await openTempFolder('release-door'));
  const source = open.use(await openTestRegistry());
  const home = open.use(await openTestRegistry());
  const relay = open.use(await openTestRegistry());
  const registries = { singapore: { url: relay.url }, aliyun: { url: home.url } };
  const start = () => openTestService({ registries, source, choose: 'singapore', folder: folder.path });
  let service = await start();
  open.defer(() => service[Symbol.asyncDispose]());
  return {
    ...{ source, home, relay },
    get api() {
      return service.api;
    },
    /** Carries an image from the source and waits until it is everywhere. */
    async carry(name: string, tag: string, what: typeof image) {
      await seedImage(source, name, tag, what);
      const { id } = await service.api.push({ image: `${name}:${tag}`, source: `harbor.bj/${name}:${tag}` });
      await service.api.untilFinal(id);
    },
    async pushed(name: string, tag: string, what: typeof image) {
      const id = await pushImage(service.api, name, tag, what);
      await service.api.untilFinal(id ?? '');
    },
    /** The depot is as if it had made room for others: it has nothing of the image any more. */
    async letGo({ blobs, manifests }: typeof image) {
      await service[Symbol.asyncDispose]();
      const paths = depotPaths(join(folder.path, 'depot'));
      for (const { digest } of [...blobs, ...manifests]) await rm(paths.blob(digest), { force: true });
      service = await start();
      for (const registry of [home, relay]) registry.forgetRequests();
    },
    status: async (path: string, method = 'GET', as: ServiceApi = service.api) =>
      (await askRegistry(as, `/v2/${path}`, { method })).status,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

it('who names no cluster pulls what is released, whichever way it came: from the depot, and from any registry that holds it', async () => {
  await using world = await openWorld();
  const signature = makeImage({ layers: [{ size: 300, seed: 'signature' }], subject: image.descriptor });
  await seedImage(world.source, 'team/app', undefined, signature);
  await world.carry('team/app', '1', image);
  const { token } = await world.api.withToken({ role: 'ci', images: ['team/*'] });
  for (const registry of [world.home, world.relay]) registry.forgetRequests();
  await expectWhole(world.api.as(token), 'team/app', '1', image);
  for (const registry of [world.home, world.relay]) expect(registry.count('GET', /blobs/)).toBe(0);

  await world.letGo(image);
  const ci = world.api.as(token);
  await expectWhole(ci, 'team/app', '1', image);
  expect(world.home.count('GET', /blobs/)).toBe(image.blobs.length);
  expect(world.relay.count('GET', /blobs/)).toBe(0);
  const [layer] = [...image.blobs].sort((a, b) => b.bytes.byteLength - a.bytes.byteLength);
  const path = `/v2/team/app/blobs/${layer?.digest}`;
  const part = await askRegistry(ci, path, { headers: { range: 'bytes=1000000-1000009' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(layer?.bytes.subarray(1_000_000, 1_000_010) ?? []));

  const listed = await askRegistry(ci, `/v2/team/app/referrers/${image.digest}`);
  expect(await listed.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
  await expectWhole(ci, 'team/app', signature.digest, signature);

  await world.home.stop();
  await expectWhole(ci, 'team/app', '1', image);
  expect(world.relay.count('GET', /blobs/)).toBe(image.blobs.length);
  await world.home.start();
});

it('nobody is given more than they may read, and no image what is of another', async () => {
  await using world = await openWorld();
  await world.carry('team/app', '1', makeImage({ layers: [{ size: 900 }] }));
  const other = makeImage({ layers: [{ size: 901, seed: 'other' }] });
  await world.carry('secret/app', '1', other);
  const ci = await world.api.withToken({ role: 'ci', images: ['team/*'] });
  expect(await world.status('secret/app/manifests/1', 'GET', ci)).toBe(403);
  const [blob] = other.blobs;
  expect(await world.status(`secret/app/blobs/${blob?.digest}`)).toBe(200);
  expect(await world.status(`secret/app/blobs/${blob?.digest}`, 'GET', ci)).toBe(403);
  expect(await world.status(`team/app/blobs/${blob?.digest}`)).toBe(404);
  expect(await world.status(`team/app/manifests/${other.digest}`)).toBe(404);
  expect(await world.status('team/nothing/manifests/1')).toBe(404);
  const bare = await fetch(`${world.api.url}/v2/team/app/manifests/1`);
  expect(bare.status).toBe(401);
});

it('what was pushed to the door is pulled also when the depot has let go of it, and who pushes it again sends it again', async () => {
  await using world = await openWorld();
  await world.pushed('team/app', '1', image);
  const { token } = await world.api.withToken({ role: 'ci', images: ['team/*'] });
  await world.letGo(image);
  const ci = world.api.as(token);
  await expectWhole(ci, 'team/app', '1', image);
  expect(world.home.count('GET', /blobs/)).toBe(image.blobs.length);
  const path = `team/app/blobs/${image.blobs[0]?.digest}`;
  expect(await world.status(path, 'HEAD', ci)).toBe(404);
  await pushImage(ci, 'team/app', '2', image);
  expect(await world.status(path, 'HEAD', ci)).toBe(200);
});

it('by HEAD who pulls is told what can be had, and who pushes what is at the door', async () => {
  await using world = await openWorld();
  await world.carry('team/app', '1', image);
  const ci = await world.api.withToken({ role: 'ci', images: ['team/*'] });
  const ops = await world.api.withToken({ role: 'ops' });
  const basic = `Basic ${Buffer.from(`ci:${ci.token}`).toString('base64')}`;
  const asking = async (actions: string) => {
    const path = `/v2/token?scope=repository:team/app:${actions}`;
    const answer = await ci.fetch(path, { headers: { authorization: basic } });
    return world.api.as(((await answer.json()) as { token: string }).token);
  };
  const [pulling, pushing] = [await asking('pull'), await asking('pull,push')];
  // Were they told that a manifest is here, crane and containerd would leave it out, and the index be refused.
  for (const path of ['manifests/1', `manifests/${image.manifests[0]?.digest}`, `blobs/${image.blobs[0]?.digest}`]) {
    const answered = [];
    for (const [method, who] of [
      ['HEAD', pulling],
      ['HEAD', ops],
      ['HEAD', pushing],
      ['HEAD', ci],
      ['GET', pushing],
    ] as const)
      answered.push(await world.status(`team/app/${path}`, method, who));
    expect([path, ...answered]).toEqual([path, 200, 200, 404, 404, 200]);
  }
});

it('what is deleted at the door is gone for who names no cluster, until it is pushed again by whatever way', async () => {
  await using world = await openWorld();
  const { api, status } = world;
  const app = makeImage({ layers: [{ size: 900 }] });
  const cluster = () => expectWhole(api, 'cluster.us-east-prod/team/app', '1', app);
  const tags = async () => (await (await askRegistry(api, '/v2/team/app/tags/list')).json()) as { tags: string[] };
  await world.pushed('team/app', '1', app);
  await world.pushed('team/app', '2', app);
  expect(await status('team/app/manifests/1', 'DELETE')).toBe(202);
  expect(await status('team/app/manifests/1')).toBe(404);
  expect(await tags()).toMatchObject({ tags: ['2'] });
  expect(await status(`team/app/manifests/${app.digest}`)).toBe(200);
  await cluster();
  expect(await status(`team/app/manifests/${app.digest}`, 'DELETE')).toBe(202);
  for (const reference of ['1', '2', app.digest]) expect(await status(`team/app/manifests/${reference}`)).toBe(404);
  expect(await tags()).toMatchObject({ tags: [] });
  await cluster();
  // It is no release that can be deleted twice.
  expect(await status(`team/app/manifests/${app.digest}`, 'DELETE')).toBe(404);
  expect(await status('team/app/manifests/1', 'DELETE')).toBe(404);

  await world.carry('team/app', '1', app);
  for (const reference of ['1', app.digest]) expect(await status(`team/app/manifests/${reference}`)).toBe(200);
  expect(await tags()).toMatchObject({ tags: ['1'] });
  await world.pushed('team/app', '2', app);
  expect(await tags()).toMatchObject({ tags: ['1', '2'] });
});

it('a release that came by another way than the door can be deleted at the door too', async () => {
  await using world = await openWorld();
  const { status } = world;
  const app = makeImage({ layers: [{ size: 900 }] });
  await world.carry('team/app', '1', app);
  await world.carry('team/app', '2', app);
  expect(await status('team/app/manifests/1', 'DELETE')).toBe(202);
  expect(await status('team/app/manifests/1', 'DELETE')).toBe(404);
  expect(await status('team/app/manifests/1')).toBe(404);
  expect(await status('team/app/manifests/2')).toBe(200);
  expect(await status(`team/app/manifests/${app.digest}`, 'DELETE')).toBe(202);
  expect(await status('team/app/manifests/2')).toBe(404);
  await expectWhole(world.api, 'cluster.us-east-prod/team/app', '2', app);
});

it('a tag means what was pushed last, to the door or by another way', async () => {
  await using world = await openWorld();
  const { api } = world;
  const build = (seed: number) => makeImage({ layers: [{ size: 900, seed }] });
  const [first, second, third] = [build(1), build(2), build(3)];
  await world.pushed('team/app', '1', first);
  await expectWhole(api, 'team/app', '1', first);
  await world.carry('team/app', '1', second);
  await expectWhole(api, 'team/app', '1', second);
  await expectWhole(api, 'team/app', first.digest, first);
  await pushImage(api, 'team/app', '1', first);
  await expectWhole(api, 'team/app', '1', first);

  // What is on its way still cannot be pulled yet.
  for (const registry of [world.home, world.relay]) await registry.stop();
  await seedImage(world.source, 'team/app', '1', third);
  const { id } = await api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await eventually(async () => (await api.getPush(id)).digest === third.digest);
  await expectWhole(api, 'team/app', '1', first);
  for (const registry of [world.home, world.relay]) await registry.start();
  await api.untilFinal(id);
  await expectWhole(api, 'team/app', '1', third);
});
