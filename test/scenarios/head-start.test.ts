import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../support/eventually.ts';
import type { TestRegistry } from '../support/registry.ts';
import { askRegistry } from '../support/registry-place.ts';
import { pushImage } from '../support/seed-image.ts';
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

const openWorld = (more: Record<string, unknown> = {}) => openDoorWorld({ limits: LIMITS, ...more });

it('a layer crosses while it is being uploaded, and the push counts its bytes as sent once', async () => {
  await using world = await openWorld();
  const { api, home, relay } = world;
  const { image, bytes, digest } = oneLayer();
  const upload = await openSlowUpload(api, 'team/app');
  for (let offset = 0; offset < bytes.length; offset += bytes.length / 4) {
    await upload.send(bytes.subarray(offset, offset + bytes.length / 4));
    await untilCrossed([home, relay], offset + bytes.length / 4);
  }
  expect(await upload.close(digest)).toBe(201);
  await pushImage(api, 'team/app', '1', without(image, digest));
  const found = await newestPush(api);
  const push = await api.untilFinal(found?.id ?? '');
  const total = [...image.blobs, ...image.manifests].reduce((sum, part) => sum + part.bytes.length, 0);
  for (const leg of push.transfers)
    expect(leg).toMatchObject({ bytesSent: total, bytesResent: 0, bytesSavedPresent: 0, bytesTotal: total });
  for (const registry of [home, relay]) {
    expect(arrivedBytes(registry)).toBe(image.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0));
    expect(cancelled(registry)).toBe(0);
  }
  expect(await headStartBytes(api, 'singapore', 'used')).toBe(bytes.length);
  expect(await headStartBytes(api, 'singapore', 'wasted')).toBe(0);
});

it('a client that hangs up and comes back to its session goes on, and so does what crosses', async () => {
  await using world = await openWorld();
  const { bytes, digest } = oneLayer();
  const upload = await openSlowUpload(world.api, 'team/app');
  await upload.send(bytes.subarray(0, MIB / 2));
  await untilCrossed([world.relay], MIB / 2);
  await upload.hangUp();
  await upload.send(bytes.subarray(MIB / 2));
  expect(await upload.close(digest)).toBe(201);
  await eventually(() => world.relay.count('PUT', /digest=/) > 0 || undefined);
  await eventually(() => arrivedBytes(world.relay) === MIB || undefined);
  expect(world.relay.count('POST', /uploads/)).toBe(1);
});

it.each([
  ['cancelled', async (upload: Awaited<ReturnType<typeof openSlowUpload>>) => expect(await upload.cancel()).toBe(204)],
  [
    'of other bytes than it says',
    async (upload: Awaited<ReturnType<typeof openSlowUpload>>) =>
      expect(await upload.close(digestOf(Buffer.from('another')))).toBe(400),
  ],
])('an upload that is %s gives its sessions back', async (_how, end) => {
  await using world = await openWorld();
  const { api, home, relay } = world;
  const { bytes } = oneLayer();
  const upload = await openSlowUpload(api, 'team/app');
  await upload.send(bytes.subarray(0, MIB / 2));
  await untilCrossed([home, relay], MIB / 2);
  await end(upload);
  for (const registry of [home, relay]) {
    await eventually(() => cancelled(registry) === 1 || undefined, { what: 'the session being given back' });
    await untilGone(registry);
  }
  await eventually(async () => (await headStartBytes(api, 'singapore', 'wasted')) >= MIB / 2 - 2 * CHUNK_BYTES);
  expect(await headStartBytes(api, 'singapore', 'used')).toBe(0);
});

/** The session that was used last is not known there any more. */
const untilGone = (registry: TestRegistry) => {
  const path = registry.requests.findLast(({ method }) => method === 'PATCH')?.path ?? '/no session';
  return eventually(async () => (await askRegistry(registry.url, path)).status === 404, { what: 'the session going' });
};

it('a small blob does not begin early', async () => {
  await using world = await openWorld();
  const upload = await openSlowUpload(world.api, 'team/app');
  const bytes = randomBytes(CHUNK_BYTES);
  await upload.send(bytes);
  expect(await upload.close(digestOf(bytes))).toBe(201);
  await eventually(() => world.relay.count('PUT', /digest=/) === 1 || undefined);
  expect(world.relay.count('PATCH')).toBe(0);
});

it('a layer of an image that goes nowhere does not cross', async () => {
  await using world = await openWorld({ distribute: { 'team/*': { tags: ['*'], except: ['*'] } } });
  const { bytes, digest } = oneLayer();
  const upload = await openSlowUpload(world.api, 'team/app');
  await upload.send(bytes);
  expect(await upload.close(digest)).toBe(201);
  expect(world.relay.count('POST') + world.home.count('POST')).toBe(0);
});

it('a target that has the blob already is sent nothing more, and its session is given back', async () => {
  await using world = await openWorld();
  const { api, relay, home } = world;
  const { image, bytes, digest } = oneLayer();
  await pushImage(relay.url, 'team/app', 'old', image);
  relay.forgetRequests();
  const upload = await openSlowUpload(api, 'team/app');
  await upload.send(bytes.subarray(0, MIB / 2));
  await untilCrossed([relay, home], MIB / 2);
  await upload.send(bytes.subarray(MIB / 2));
  expect(await upload.close(digest)).toBe(201);
  await eventually(() => cancelled(relay) === 1 || undefined, { what: 'the session being given back' });
  expect(relay.count('PUT', /digest=/)).toBe(0);
  await pushImage(api, 'team/app', '1', without(image, digest));
  const push = await api.untilFinal((await newestPush(api))?.id ?? '');
  expect(push.transfers.find((leg) => leg.registry === 'singapore')?.bytesSavedPresent).toBeGreaterThanOrEqual(MIB);
  await eventually(async () => (await headStartBytes(api, 'singapore', 'wasted')) > 0);
});

it('a layer that a target has of another image is not sent ahead, but mounted when it is whole', async () => {
  await using world = await openWorld();
  const { api, relay, home } = world;
  const { image, bytes, digest } = oneLayer();
  await pushImage(api, 'team/app', '1', image);
  await api.untilFinal((await newestPush(api))?.id ?? '');
  const before = arrivedBytes(relay);
  const upload = await openSlowUpload(api, 'team/other');
  await upload.send(bytes.subarray(0, MIB / 2));
  await upload.send(bytes.subarray(MIB / 2));
  expect(await upload.close(digest)).toBe(201);
  for (const registry of [home, relay]) await untilThere(registry, 'team/other', digest);
  expect(arrivedBytes(relay)).toBe(before);
  expect(relay.count('POST', /team\/other.*mount=/)).toBe(1);
});

it('a layer that only begins like one which the targets have crosses from where it differs', async () => {
  await using world = await openWorld();
  const { api, relay, home } = world;
  const { image, bytes } = oneLayer();
  await pushImage(api, 'team/app', '1', image);
  await api.untilFinal((await newestPush(api))?.id ?? '');
  const before = arrivedBytes(relay);
  const rebuilt = Buffer.concat([bytes.subarray(0, MIB / 2), randomBytes(MIB / 2)]);
  const upload = await openSlowUpload(api, 'team/app');
  await upload.send(rebuilt.subarray(0, MIB / 2));
  expect(arrivedBytes(relay)).toBe(before);
  await upload.send(rebuilt.subarray(MIB / 2, (3 * MIB) / 4));
  await untilCrossed([home, relay], before + (3 * MIB) / 4);
  await upload.send(rebuilt.subarray((3 * MIB) / 4));
  expect(await upload.close(digestOf(rebuilt))).toBe(201);
  for (const registry of [home, relay]) await untilThere(registry, 'team/app', digestOf(rebuilt));
  expect(arrivedBytes(relay)).toBe(before + MIB);
});

it('a target that breaks off in the middle of a chunk gets the blob all the same', async () => {
  await using world = await openWorld();
  const { api, relay } = world;
  const { image, bytes, digest } = oneLayer();
  relay.failNext('PATCH', { reset: true, afterBytes: 30_000, skip: 2 });
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

it('two clients that send the same layer at once have it cross once', async () => {
  await using world = await openWorld();
  const { api, relay, home } = world;
  const { bytes, digest } = oneLayer();
  const first = await openSlowUpload(api, 'team/app');
  const second = await openSlowUpload(api, 'team/other');
  await first.send(bytes.subarray(0, MIB / 4));
  await untilCrossed([home, relay], MIB / 4);
  await second.send(bytes.subarray(0, MIB / 2));
  // The second overtakes the first, which never ends.
  await second.send(bytes.subarray(MIB / 2));
  expect(await second.close(digest)).toBe(201);
  for (const registry of [home, relay]) await untilThere(registry, 'team/other', digest);
  for (const registry of [home, relay]) expect(arrivedBytes(registry)).toBe(MIB);
  await first.send(bytes.subarray(MIB / 4));
  expect(await first.close(digest)).toBe(201);
  for (const registry of [home, relay]) await untilThere(registry, 'team/app', digest);
  for (const registry of [home, relay]) expect(arrivedBytes(registry)).toBe(MIB);
});
