import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDigest } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { askRegistry } from '../../support/registry-place.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService, type TestService } from '../../support/service.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';

const HOUR_MS = 60 * 60_000;
const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], layers: [{ size: 9_000 }] });
const name = parseRepositoryName('team/app');

let clock: TestClock;
let source: TestRegistry;
let aliyun: TestRegistry;
let singapore: TestRegistry;
let korea: TestRegistry;
let service: TestService;
let folder: TempFolder;

beforeEach(async () => {
  clock = new TestClock();
  folder = await openTempFolder('kept');
  [source, aliyun, singapore, korea] = [
    await openTestRegistry(),
    await openTestRegistry(),
    await openTestRegistry(),
    await openTestRegistry(),
  ];
  await seedImage(source, 'team/app', '1', image);
  service = await openTestService({
    source,
    clock,
    registries: { aliyun, singapore, korea },
    choose: 'singapore',
    folder: folder.path,
  });
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.api.untilFinal(id);
  for (const registry of [source, aliyun, singapore]) registry.forgetRequests();
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([source, aliyun, singapore, korea].map((registry) => registry.close()));
  await folder.remove();
});

const verifiedAt = async () =>
  Date.parse(String((await service.api.resolve('team/app:1', 'us-east-prod')).body.verifiedAt));
const ownPushes = async () =>
  ((await service.api.send('GET', '/v1/pushes')).body.items as { purpose: string; id: string; state: string }[]).filter(
    (push) => push.purpose === 'repair',
  );
/**
 * Lets a look at the placements become due, again and again until it has shown. Not while one may be under way:
 * time that is hurried passes for its requests too, and they would seem to stall.
 */
async function untilLooked(what: () => Promise<boolean>): Promise<void> {
  for (let look = 1; ; look += 1) {
    try {
      await eventually(what, { deadlineMs: 2_000 });
      return;
    } catch (error) {
      if (look === 8) throw error;
      clock.advance(60_000);
    }
  }
}

it('a placement is looked at again after a day, without moving a byte, and not before', async () => {
  const placedAt = await verifiedAt();
  for (let hour = 0; hour < 23; hour += 1) clock.advance(HOUR_MS);
  expect(singapore.count('GET', /manifests/)).toBe(0);
  clock.advance(2 * HOUR_MS);
  await untilLooked(async () => (await verifiedAt()) > placedAt + 24 * HOUR_MS);
  singapore.expectOnly(
    /^GET \/v2\/team\/app\/manifests\//,
    /^HEAD \/v2\/team\/app\/blobs\//,
    /^GET \/v2\/$/,
    /^GET \/v2\/team\/app\/referrers/,
  );
  expect(await ownPushes()).toEqual([]);
});

it('what was looked at while the clock was a year ahead is looked at again once it is set right', async () => {
  clock.jump(365 * 24 * HOUR_MS);
  const aheadAt = clock.nowMs();
  await untilLooked(async () => (await verifiedAt()) >= aheadAt);
  clock.jump(-365 * 24 * HOUR_MS);
  await untilLooked(async () => (await verifiedAt()) < aheadAt);
  expect(await verifiedAt()).toBeLessThanOrEqual(clock.nowMs());
});

it.each([
  ['a blob', () => singapore.storage.deleteBlob(name, image.blobs[0]?.digest ?? image.digest)],
  ['a child manifest', () => singapore.storage.deleteManifest(name, image.manifests[0]?.digest ?? image.digest)],
  ['the index', () => singapore.storage.deleteManifest(name, image.digest)],
])(
  '%s that the registry lost withdraws the placement at once, and a repair brings it back, as often as that happens',
  async (_, lose) => {
    for (const times of [1, 2]) {
      await lose();
      clock.advance(25 * HOUR_MS);
      await untilLooked(async () => (await ownPushes()).length === times);
      const repair = (await ownPushes())[0];
      await service.api.untilFinal(repair?.id ?? '');
      await expectWhole(singapore.url, 'team/app', '1', image);
      expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
        state: 'chosen',
        registry: 'singapore',
      });
    }
    expect(service.logged.filter(({ event }) => event === 'placement lost')).toHaveLength(2);
  },
);

it('of several tags of one source, each with platforms of its own, what is lost is withdrawn and brought back alone', async () => {
  const three = makeImage({ platforms: ['linux/amd64', 'linux/arm64', 'linux/s390x'], seed: 'three' });
  await seedImage(source, 'team/three', '1', three);
  const tags = { full: [], two: ['linux/amd64', 'linux/arm64'] };
  for (const [tag, platforms] of Object.entries(tags)) {
    const asked = { image: `team/three:${tag}`, source: 'harbor.bj/team/three:1', platforms };
    await service.api.untilFinal((await service.api.push(asked)).id);
  }
  const answers = async () => {
    const asked = Object.keys(tags).map((tag) => service.api.resolve(`team/three:${tag}`, 'us-east-prod'));
    return (await Promise.all(asked)).map(({ body: { state, digest } }) => ({ state, digest }));
  };
  const right = await answers();
  const two = parseDigest(String(right[1]?.digest));
  expect(right).toEqual([
    { state: 'chosen', digest: three.digest },
    { state: 'chosen', digest: expect.not.stringMatching(three.digest) },
  ]);

  const repository = parseRepositoryName('team/three');
  for (const [at, lost] of [two, three.digest].entries()) {
    await singapore.storage.deleteManifest(repository, lost);
    singapore.failNext('PUT', { delayMs: 400, path: /manifests/ });
    clock.advance(25 * HOUR_MS);
    await untilLooked(async () => (await ownPushes()).length === at + 1);
    expect((await answers()).map(({ state }) => state)).toEqual(
      lost === two ? ['chosen', 'fallback'] : ['fallback', 'chosen'],
    );
    await service.api.untilFinal((await ownPushes())[0]?.id ?? '');
    expect(await answers()).toEqual(right);
  }
  for (const [at, tag] of Object.keys(tags).entries()) {
    const tagged = await askRegistry(singapore.url, `/v2/team/three/manifests/${tag}`, { headers: { accept: '*/*' } });
    await tagged.arrayBuffer();
    expect(tagged.headers.get('docker-content-digest')).toBe(right[at]?.digest);
  }
});

it('resolve answers another registry while the repair is under way, and the bytes come from there when the depot and the source have lost them', async () => {
  await service.stop();
  await rm(`${folder.path}/depot`, { recursive: true });
  await source.stop();
  service = await openTestService({
    source,
    clock,
    registries: { aliyun, singapore, korea },
    choose: 'singapore',
    folder: folder.path,
  });
  await singapore.storage.deleteBlob(name, image.blobs[0]?.digest ?? image.digest);
  singapore.failNext('POST', { delayMs: 400, path: /uploads/ });
  clock.advance(25 * HOUR_MS);
  await untilLooked(async () => (await ownPushes()).length === 1);
  expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
    state: 'fallback',
    registry: 'aliyun',
  });
  const repair = (await ownPushes())[0];
  await service.api.untilFinal(repair?.id ?? '');
  await expectWhole(singapore.url, 'team/app', '1', image);
  expect(aliyun.count('GET', /blobs/)).toBe(1);
  await source.start();
});

it('a registry that does not answer loses nothing, and does not keep others from being looked at', async () => {
  await singapore.stop();
  clock.advance(25 * HOUR_MS);
  await untilLooked(
    async () =>
      aliyun.count('GET', /manifests/) > 0 && service.logged.some(({ event }) => event === 'placement not looked at'),
  );
  expect(await ownPushes()).toEqual([]);
  expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
    state: 'chosen',
    registry: 'singapore',
  });
  await singapore.start();
});

describe('before a choice moves', () => {
  const choose = (registry: string) => service.api.send('PUT', '/v1/images/team%2Fapp/choice', { registry });
  const resolved = async () => (await service.api.resolve('team/app:1', 'us-east-prod')).body;

  beforeEach(async () => {
    await choose('korea');
    await eventually(async () => (await resolved()).registry === 'korea', { what: 'the release is at korea' });
    for (const registry of [singapore, korea]) registry.forgetRequests();
  });

  it('its registry is asked whether what was placed is there still, and is not answered when it is not', async () => {
    await singapore.storage.deleteBlob(name, image.blobs[0]?.digest ?? image.digest);
    singapore.failNext('POST', { delayMs: 400, path: /uploads/ });
    clock.advance(2 * 60_000);
    const { status } = await choose('singapore');
    expect(status).toBe(200);
    expect(await resolved()).toMatchObject({ state: 'fallback', registry: 'korea' });
    await eventually(async () => (await resolved()).registry === 'singapore', { what: 'it was brought back' });
    await expectWhole(singapore.url, 'team/app', '1', image);
  });

  it('what is there still is answered at once, as seen just now', async () => {
    clock.advance(2 * 60_000);
    const before = clock.nowMs();
    await choose('singapore');
    expect(await resolved()).toMatchObject({ state: 'chosen', registry: 'singapore' });
    expect(await verifiedAt()).toBeGreaterThanOrEqual(before);
    expect(singapore.count('PUT', /./)).toBe(0);
  });

  it('a registry that cannot be asked does not hold the choice up', async () => {
    clock.advance(2 * 60_000);
    await singapore.stop();
    expect((await choose('singapore')).status).toBe(200);
    expect(await resolved()).toMatchObject({ state: 'chosen', registry: 'singapore' });
    await singapore.start();
  });
});
