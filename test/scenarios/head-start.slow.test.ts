import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { hasDockerRegistry, openDockerRegistry } from '../support/docker-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry, type TestRegistry, type TestRegistryOptions } from '../support/registry.ts';
import { askRegistry } from '../support/registry-place.ts';
import { pushImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { newestPush, openDoorWorld } from './door-world.ts';
import {
  arrivedBytes,
  CHUNK_BYTES,
  cancelled,
  headStartBytes,
  LIMITS,
  MIB,
  oneLayer,
  untilCrossed,
  untilThere,
  without,
} from './head-start-world.ts';
import { openSlowUpload } from './slow-upload.ts';

it.each([
  ['refuses the session', (relay: TestRegistry) => relay.failNext('POST', { status: 403, path: /uploads/ })],
  ['refuses the first chunk', (relay: TestRegistry) => relay.failNext('PATCH', { status: 400 })],
  ['forgets the session', (relay: TestRegistry) => relay.failNext('PATCH', { status: 404, skip: 3 })],
  [
    'is gone for longer than we try',
    (relay: TestRegistry) => relay.failNext('PATCH', { reset: true, skip: 1, times: 5 }),
  ],
  [
    'does not answer the closing PUT',
    (relay: TestRegistry) => relay.failNext('PUT', { loseAnswer: true, path: /digest=/ }),
  ],
])('a target that %s gets the blob all the same', async (_what, fail) => {
  await using world = await openDoorWorld({ limits: LIMITS });
  const { api, relay } = world;
  const { image, bytes, digest } = oneLayer();
  fail(relay);
  const upload = await openSlowUpload(api, 'team/app');
  await upload.send(bytes.subarray(0, MIB / 2));
  await untilCrossed([world.home], MIB / 2);
  await upload.send(bytes.subarray(MIB / 2));
  expect(await upload.close(digest)).toBe(201);
  await pushImage(api, 'team/app', '1', without(image, digest));
  await api.untilFinal((await newestPush(api))?.id ?? '');
  const got = await askRegistry(relay.url, `/v2/team/app/blobs/${digest}`);
  expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(digest);
});

it.each<[string, TestRegistryOptions]>([
  ['answers as ECR does', { ecr: true }],
  ['has a new signed address for each chunk', { locations: 'state' }],
  ['wants larger chunks', { chunkMinBytes: 3 * CHUNK_BYTES }],
])('a target that %s gets a blob that grows, each byte once', async (_what, quirks) => {
  await using relay = await openTestRegistry(quirks);
  await using service = await openTestService({ registries: { aliyun: { url: relay.url } }, more: { limits: LIMITS } });
  const { bytes, digest } = oneLayer();
  const upload = await openSlowUpload(service.api, 'team/app');
  for (let offset = 0; offset < MIB; offset += MIB / 8) await upload.send(bytes.subarray(offset, offset + MIB / 8));
  await eventually(() => arrivedBytes(relay) >= MIB / 2 || undefined, { what: 'half of it crossing' });
  expect(await upload.close(digest)).toBe(201);
  await untilThere(relay, 'team/app', digest);
  expect(arrivedBytes(relay)).toBe(MIB);
});

it.skipIf(!hasDockerRegistry())('docker-registry gets a blob that grows, and nothing of it is left open', async () => {
  await using folder = await openTempFolder('head-start');
  await using registry = await openDockerRegistry({ folder: folder.path });
  await using service = await openTestService({
    registries: { aliyun: { url: registry.url } },
    more: { limits: LIMITS },
  });
  const { api } = service;
  const { image, bytes, digest } = oneLayer();
  const upload = await openSlowUpload(api, 'team/app');
  for (let offset = 0; offset < MIB; offset += MIB / 8) await upload.send(bytes.subarray(offset, offset + MIB / 8));
  const uploads = join(folder.path, 'data/docker/registry/v2/repositories/team/app/_uploads');
  await eventually(
    async () => {
      const [session] = await readdir(uploads);
      return (await stat(join(uploads, session ?? '', 'data'))).size >= MIB / 2;
    },
    { what: 'half of it crossing' },
  );
  expect(await upload.close(digest)).toBe(201);
  await pushImage(api, 'team/app', '1', without(image, digest));
  const push = await api.untilFinal((await newestPush(api))?.id ?? '');
  const total = [...image.blobs, ...image.manifests].reduce((sum, part) => sum + part.bytes.length, 0);
  expect(push.transfers[0]).toMatchObject({ bytesSent: total, bytesResent: 0, bytesSavedPresent: 0 });
  const got = await askRegistry(registry.url, `/v2/team/app/blobs/${digest}`);
  expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(digest);
  expect(await readdir(uploads)).toEqual([]);
  await eventually(async () => (await headStartBytes(api, 'aliyun', 'used')) === MIB);
});

/** A service that was killed when half of a layer had come and crossed, and is there again. */
async function openAfterKill(more: Record<string, unknown> = {}) {
  const opened = new AsyncDisposableStack();
  const home = opened.use(await openTestRegistry());
  const folder = opened.use(await openTempFolder('head-start'));
  const configPath = await writeServiceConfig(folder.path, {
    registries: { aliyun: { url: home.url } },
    more: { limits: LIMITS, ...more },
  });
  const dataPath = `${folder.path}/data`;
  const layer = oneLayer();
  const first = opened.use(await startServiceProcess({ configPath, dataPath }));
  const upload = await openSlowUpload(first.api, 'team/app');
  await upload.send(layer.bytes.subarray(0, MIB / 2));
  await untilCrossed([home], MIB / 2);
  await first.kill();
  const sessionPath = home.requests.findLast(({ method }) => method === 'PATCH')?.path ?? '';
  const { api } = opened.use(await startServiceProcess({ configPath, dataPath }));
  return { ...layer, home, api, path: upload.path, sessionPath, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** A home registry is asked how much it has of what an earlier run sent. */
const untilTakenUp = (home: TestRegistry) =>
  eventually(() => home.count('GET', /\/blobs\/uploads\//) > 0 || undefined, { what: 'the session being taken up' });

it.each([
  [
    'goes on with its upload',
    async ({ api, path, bytes }: Awaited<ReturnType<typeof openAfterKill>>) => {
      const rest = await askRegistry(api, path, { method: 'PATCH', body: bytes.subarray(MIB / 2) });
      expect(rest.status).toBe(202);
      return path;
    },
  ],
  [
    'begins anew, as most do',
    async ({ home, api, bytes }: Awaited<ReturnType<typeof openAfterKill>>) => {
      const again = await openSlowUpload(api, 'team/app');
      const upTo = MIB / 2 + 2 * CHUNK_BYTES;
      await again.send(bytes.subarray(0, upTo));
      await untilTakenUp(home);
      await again.send(bytes.subarray(upTo));
      await again.hangUp();
      return again.path;
    },
  ],
])('kill -9 in the middle of an upload: what has crossed is gone on with when the client %s', async (_, sendRest) => {
  await using world = await openAfterKill();
  const { home, api, digest } = world;
  const path = await sendRest(world);
  expect((await askRegistry(api, `${path}?digest=${digest}`, { method: 'PUT' })).status).toBe(201);
  await untilThere(home, 'team/app', digest);
  expect(arrivedBytes(home)).toBeLessThanOrEqual(MIB + CHUNK_BYTES);
  expect(cancelled(home)).toBe(0);
  await eventually(async () => (await headStartBytes(api, 'aliyun', 'used')) >= MIB - CHUNK_BYTES || undefined);
});

it('kill -9 in the middle of an upload: another layer that only begins as that did arrives as what it is', async () => {
  await using world = await openAfterKill();
  const { home, api, bytes } = world;
  const other = Buffer.concat([bytes.subarray(0, MIB / 4), randomBytes((MIB * 3) / 4)]);
  const upload = await openSlowUpload(api, 'team/app');
  await upload.send(other.subarray(0, MIB - CHUNK_BYTES));
  await untilTakenUp(home);
  await upload.send(other.subarray(MIB - CHUNK_BYTES));
  expect(await upload.close(digestOf(other))).toBe(201);
  await untilThere(home, 'team/app', digestOf(other));
  const got = await askRegistry(home.url, `/v2/team/app/blobs/${digestOf(other)}`);
  expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(digestOf(other));
});

it('kill -9 in the middle of an upload: a shorter layer that begins as that did has a session of its own', async () => {
  await using world = await openAfterKill();
  const { home, api, bytes, sessionPath } = world;
  const shorter = bytes.subarray(0, MIB / 4);
  const upload = await openSlowUpload(api, 'team/app');
  await upload.send(shorter);
  expect(await upload.close(digestOf(shorter))).toBe(201);
  await untilThere(home, 'team/app', digestOf(shorter));
  await eventually(async () => (await askRegistry(home.url, sessionPath)).status === 404, {
    what: 'the former session being given back',
  });
});

it('kill -9 in the middle of an upload: nobody comes back, and the session is given back, once', async () => {
  await using world = await openAfterKill({ retention: { uploads: '1s' } });
  const { home, sessionPath } = world;
  await eventually(() => cancelled(home) === 1 || undefined, { what: 'the session being given back' });
  expect((await askRegistry(home.url, sessionPath)).status).toBe(404);
});

it('when a client gives up, another that sends the same takes over what has crossed', async () => {
  await using world = await openDoorWorld({ limits: LIMITS });
  const { api, home, relay } = world;
  const { bytes, digest } = oneLayer();
  const first = await openSlowUpload(api, 'team/app');
  const second = await openSlowUpload(api, 'team/other');
  await first.send(bytes.subarray(0, MIB / 2));
  await untilCrossed([home, relay], MIB / 2);
  await second.send(bytes.subarray(0, (3 * MIB) / 4));
  expect(await first.cancel()).toBe(204);
  await untilCrossed([home, relay], (3 * MIB) / 4);
  await second.send(bytes.subarray((3 * MIB) / 4));
  expect(await second.close(digest)).toBe(201);
  for (const registry of [home, relay]) {
    await untilThere(registry, 'team/other', digest);
    expect(arrivedBytes(registry)).toBe(MIB);
    expect(cancelled(registry)).toBe(0);
  }
});

it('of two layers that only begin alike each arrives as what it is', async () => {
  await using world = await openDoorWorld({ limits: LIMITS });
  const { api, home, relay } = world;
  const { bytes, digest } = oneLayer();
  const other = Buffer.concat([bytes.subarray(0, MIB / 4), randomBytes((3 * MIB) / 4)]);
  const first = await openSlowUpload(api, 'team/app');
  const second = await openSlowUpload(api, 'team/app');
  await first.send(bytes.subarray(0, MIB / 2));
  await untilCrossed([home, relay], MIB / 2);
  // It is whole first, while the other is what crosses.
  await second.send(other);
  expect(await second.close(digestOf(other))).toBe(201);
  for (const registry of [home, relay]) await untilThere(registry, 'team/app', digestOf(other));
  await first.send(bytes.subarray(MIB / 2));
  expect(await first.close(digest)).toBe(201);
  for (const registry of [home, relay]) {
    await untilThere(registry, 'team/app', digest);
    expect(arrivedBytes(registry)).toBe(2 * MIB);
    expect(cancelled(registry)).toBe(0);
  }
});

it('fifty clients that send the same base layer at once to images of their own have it cross once', async () => {
  await using world = await openDoorWorld({ limits: LIMITS });
  const { api, home, relay } = world;
  const base = randomBytes(MIB / 2);
  const images = Array.from({ length: 50 }, (_, index) =>
    makeImage({ layers: [{ bytes: base }, { size: 500, seed: `own ${index}` }] }),
  );
  const ids = await Promise.all(images.map((image, index) => pushImage(api, `team/app-${index}`, '1', image)));
  for (const id of ids) await api.untilFinal(id ?? '', 'placed', '60s');
  const own = images.flatMap((image) => image.blobs).filter((blob) => blob.bytes.length < MIB / 2);
  const distinct = new Map(own.map((blob) => [blob.digest, blob.bytes.length]));
  const needed = base.length + [...distinct.values()].reduce((sum, size) => sum + size, 0);
  for (const registry of [home, relay]) expect(arrivedBytes(registry)).toBeLessThanOrEqual(needed + 2 * CHUNK_BYTES);
});
