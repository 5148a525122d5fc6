import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { readSnapshot, toSiteAnswers } from '../../src/app/agent/read-snapshot.ts';
import { eventually } from '../support/eventually.ts';
import { expectWhole } from '../support/placed-image.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { askRegistry, type RegistryPlace } from '../support/registry-place.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';

/* One image of the source under several tags, each pushed with platforms of its own. */

const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64', 'linux/s390x'], layers: [{ size: 20_000 }] });
const arm = image.manifests[1]?.digest;
/** What each tag is pushed with; the digests of an index that is cut are the service's to say. */
const TAGS: Readonly<Record<string, readonly string[]>> = {
  full: [],
  arm: ['linux/arm64'],
  two: ['linux/arm64', 'linux/amd64'],
};

async function digestAt(place: RegistryPlace, name: string, tag: string): Promise<string | null> {
  const answer = await askRegistry(place, `/v2/${name}/manifests/${tag}`, { headers: { accept: '*/*' } });
  await answer.arrayBuffer();
  return answer.headers.get('docker-content-digest');
}

async function push(api: ServiceApi, tag: string) {
  const source = 'harbor.bj/team/app:1';
  const { id } = await api.push({ image: `team/app:${tag}`, source, platforms: TAGS[tag] });
  return api.untilFinal(id);
}

/** Every way in which a cluster may be answered for a tag: resolve, the tag itself, a pull, the copy of its agent. */
async function expectAnswers(api: ServiceApi, digests: ReadonlyMap<string, string>, relay: TestRegistry) {
  const snapshot = await api.fetch('/v1/snapshot?site=us-east');
  const copied = toSiteAnswers(readSnapshot(new Uint8Array(await snapshot.arrayBuffer()), 'us-east', undefined));
  for (const [tag, digest] of digests) {
    const of = `team/app:${tag}`;
    const { body } = await api.resolve(of, 'us-east-prod');
    expect(body, of).toMatchObject({ registry: 'singapore', state: 'chosen', digest, sourceDigest: image.digest });
    expect((await api.resolve(of, 'cn-prod')).body, of).toMatchObject({ registry: 'aliyun', digest });
    expect(await digestAt(relay.url, 'team/app', tag), of).toBe(digest);
    for (const pulled of ['cluster.us-east-prod/team/app', 'team/app'])
      expect(await digestAt(api, pulled, tag), of).toBe(digest);
    expect(
      copied.find((each) => each.image === of),
      of,
    ).toMatchObject({ resolution: { registry: 'singapore', digest } });
    const own = await api.resolve(`team/app@${digest}`, 'us-east-prod');
    expect(own.body, of).toMatchObject({ registry: 'singapore', digest });
    const { placements, platforms } = (await api.send('GET', `/v1/images/team%2Fapp/tags/${tag}`)).body;
    expect(platforms).toEqual(TAGS[tag]?.toSorted());
    for (const placement of placements as object[]) expect(placement).toMatchObject({ digest, platforms });
  }
}

/** A source that has the image, two registries (and more), and a folder: with `options` services are opened one after another. */
async function openWorld(more: Readonly<Record<string, TestRegistry>> = {}) {
  const open = new AsyncDisposableStack();
  const source = open.use(await openTestRegistry());
  const aliyun = open.use(await openTestRegistry());
  const singapore = open.use(await openTestRegistry());
  const { path: folder } = open.use(await openTempFolder('platforms'));
  await seedImage(source, 'team/app', '1', image);
  const options = { source, registries: { aliyun, singapore, ...more }, choose: 'singapore', folder };
  return { singapore, options, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

it.each([[['full', 'arm', 'two']], [['two', 'arm', 'full']]])(
  'tags of one image with platforms of their own are each answered with their own: %j',
  async (order) => {
    await using world = await openWorld();
    const { singapore, options } = world;
    const digests = new Map<string, string>();
    {
      await using service = await openTestService(options);
      for (const tag of order) {
        const { transfers } = await push(service.api, tag);
        for (const leg of transfers) expect(leg).toMatchObject({ state: 'placed', digest: transfers[0]?.digest });
        digests.set(tag, transfers[0]?.digest ?? '');
      }
      expect(digests.get('full')).toBe(image.digest);
      expect(digests.get('arm')).toBe(arm);
      expect(new Set(digests.values()).size).toBe(3);
      await expectAnswers(service.api, digests, singapore);
      await expectWhole(service.api, 'cluster.us-east-prod/team/app', 'full', image);
      for (const tag of order) expect(await push(service.api, tag)).toMatchObject({ unchanged: true, state: 'placed' });
    }
    await using service = await openTestService(options);
    await expectAnswers(service.api, digests, singapore);
  },
);

it('a tag that is pushed anew with other platforms means those at once, and is answered with nothing else', async () => {
  await using korea = await openTestRegistry();
  await using world = await openWorld({ korea });
  const { singapore, options } = world;
  const first = await openTestService(options);
  let { api } = first;
  const put = async (platforms: readonly string[], targets: readonly string[]) => {
    const { id } = await api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1', platforms, targets });
    return api.untilFinal(id);
  };
  await put(['linux/arm64'], ['singapore']);
  expect((await api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({ state: 'chosen', digest: arm });

  await put([], ['aliyun']);
  expect((await api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
    ...{ state: 'fallback', registry: 'aliyun', digest: image.digest, alternatives: [] },
  });
  // What clusters have pulled by its digest stays where it was.
  expect((await api.resolve(`team/app@${arm}`, 'us-east-prod')).body).toMatchObject({ state: 'chosen', digest: arm });

  // Both were resolved, so that a choice carries both; the tag there is what it means now.
  await first[Symbol.asyncDispose]();
  await using service = await openTestService(options);
  api = service.api;
  await api.send('PUT', '/v1/images/team%2Fapp/choice', { registry: 'korea' });
  const isAtKorea = async (asked: string) => (await api.resolve(asked, 'us-east-prod')).body.registry === 'korea';
  for (const asked of ['team/app:1', `team/app@${arm}`])
    await eventually(() => isAtKorea(asked), { what: `${asked} at korea` });
  expect((await api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({ digest: image.digest });
  expect(await digestAt(korea.url, 'team/app', '1')).toBe(image.digest);

  const back = await put(['linux/arm64'], ['singapore']);
  expect(back).toMatchObject({ state: 'placed', unchanged: false });
  expect((await api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({ state: 'chosen', digest: arm });
  expect(await digestAt(singapore.url, 'team/app', '1')).toBe(arm);
  const { history } = (await api.send('GET', '/v1/images/team%2Fapp/tags/1')).body as {
    history: { items: { platforms: string[] }[] };
  };
  expect(history.items.map(({ platforms }) => platforms)).toEqual([['linux/arm64'], [], ['linux/arm64']]);
});

it('what one tag lost sight of to another under the version before is not answered, and comes back', async () => {
  await using world = await openWorld();
  const { options } = world;
  {
    await using service = await openTestService(options);
    for (const tag of ['full', 'arm']) await push(service.api, tag);
  }
  // As it is there: what was placed last, and nothing beside it.
  const database = new Database(join(options.folder, 'entrepot.db'));
  database.exec(`
    drop table other_placements;
    drop index pushes_of_platforms;
    delete from migrations where name = '0019-other-placements';
    delete from additive_steps where name = '0019-other-placements';`);
  database.close();

  await using service = await openTestService(options);
  const { api } = service;
  const [full, own] = [
    await api.resolve('team/app:full', 'us-east-prod'),
    await api.resolve('team/app:arm', 'us-east-prod'),
  ];
  expect(own.body).toMatchObject({ state: 'chosen', digest: arm });
  expect(full.body.digest ?? image.digest).toBe(image.digest);
  await eventually(async () => (await api.resolve('team/app:full', 'us-east-prod')).body.state === 'chosen', {
    what: 'what was displaced',
  });
  expect((await api.resolve('team/app:full', 'us-east-prod')).body).toMatchObject({ digest: image.digest });
  expect((await api.resolve('team/app:arm', 'us-east-prod')).body).toMatchObject({ state: 'chosen', digest: arm });
  const { items } = (await api.send('GET', '/v1/pushes')).body as { items: { purpose: string; transfers: object[] }[] };
  const repairs = items.filter(({ purpose }) => purpose === 'repair');
  expect(repairs.flatMap(({ transfers }) => transfers)).toMatchObject([{ bytesSent: 0 }, { bytesSent: 0 }]);
});
