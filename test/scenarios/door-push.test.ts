import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseWarnings } from '../../src/registry/warnings.ts';
import { eventually } from '../support/eventually.ts';
import { expectWhole } from '../support/placed-image.ts';
import { openTestRegistry } from '../support/registry.ts';
import { askRegistry, type RegistryPlace } from '../support/registry-place.ts';
import { pushImage, seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { hasSkopeo, skopeo } from '../support/skopeo.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage, type TestImage } from '../support/test-image.ts';
import { blobUploads, newestPush, openDoorWorld } from './door-world.ts';

const image = makeImage({
  platforms: ['linux/amd64', 'linux/arm64'],
  layers: [{ size: 300_000 }, { size: 50_000, shared: true }],
});

async function putManifest(
  place: RegistryPlace,
  name: string,
  reference: string,
  manifest: TestImage['manifests'][number],
) {
  return askRegistry(place, `/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: Buffer.from(manifest.bytes),
  });
}

async function pushBlob(place: RegistryPlace, name: string, bytes: Uint8Array) {
  const digest = digestOf(bytes);
  const answer = await askRegistry(place, `/v2/${name}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: Buffer.from(bytes),
  });
  expect(answer.status).toBe(201);
  return digest;
}

it.skipIf(!hasSkopeo())('skopeo pushes an index to the service, which places it and serves it back', async () => {
  await using world = await openDoorWorld();
  await using from = await openTestRegistry();
  await seedImage(from, 'team/app', '1', image);
  const address = world.url.replace('http://', '');
  const flags = ['copy', '--all', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false'];
  flags.push('--dest-creds', `ci:${world.api.token}`);
  await skopeo([...flags, `docker://${from.address}/team/app:1`, `docker://${address}/team/app:1`]);
  const found = await newestPush(world.api);
  const push = await world.api.untilFinal(found?.id ?? '');
  expect(push).toMatchObject({ source: { kind: 'door', reference: null }, digest: image.digest, image: 'team/app:1' });
  for (const leg of push.transfers) expect(leg.lagMs).toBe(Date.parse(leg.placedAt ?? '') - Date.parse(push.createdAt));
  for (const registry of [world.home, world.relay]) {
    await expectWhole(registry.url, 'team/app', '1', image);
    expect(blobUploads(registry)).toBe(image.blobs.length);
  }
  await expectWhole(world.api, 'team/app', '1', image);
});

it('blobs cross before their manifest is there, and the push that follows sends none of them again', async () => {
  await using world = await openDoorWorld();
  for (const { bytes } of image.blobs) await pushBlob(world.api, 'team/app', bytes);
  await eventually(
    () => [world.home, world.relay].every((registry) => blobUploads(registry) === image.blobs.length) || undefined,
    { deadlineMs: 10_000, what: 'every blob at every target' },
  );
  expect(await newestPush(world.api)).toBeUndefined();
  let answer: Response | undefined;
  for (const manifest of image.manifests)
    answer = await putManifest(
      world.api,
      'team/app',
      manifest.digest === image.digest ? '1' : manifest.digest,
      manifest,
    );
  const id = answer?.headers.get('entrepot-push') ?? '';
  const push = await world.api.untilFinal(id);
  // They are this push's bytes all the same: sent, not saved.
  const bytes = [...image.blobs, ...image.manifests].reduce((sum, part) => sum + part.bytes.length, 0);
  for (const leg of push.transfers)
    expect(leg).toMatchObject({ bytesSent: bytes, bytesResent: 0, bytesSavedPresent: 0, bytesTotal: bytes });
  for (const registry of [world.home, world.relay]) expect(blobUploads(registry)).toBe(image.blobs.length);
});

it('what the rules do not distribute is kept and makes no push', async () => {
  await using world = await openDoorWorld({ distribute: { 'conformance/*': { tags: ['*'], except: ['*'] } } });
  await pushImage(world.api, 'conformance/a', '1', image);
  expect((await world.api.send('GET', '/v1/pushes')).body).toMatchObject({ items: [] });
  await expectWhole(world.api, 'conformance/a', '1', image);
  const put = async (reference: string) => {
    const [manifest] = image.manifests;
    if (manifest === undefined) throw new Error('an image without a manifest');
    const answer = await putManifest(world.api, 'conformance/a', reference, manifest);
    return parseWarnings(answer.headers.get('warning') ?? '');
  };
  expect(await put('2')).toEqual([
    'conformance/a:2 is kept here and goes nowhere: the "distribute" rules leave it out',
  ]);
  expect(await put(image.digest)).toEqual([]);
  expect(world.home.requests.length + world.relay.requests.length).toBeLessThanOrEqual(2);
});

it('a signature tag is no release and travels with its subject, also when it comes later', async () => {
  await using world = await openDoorWorld();
  const app = makeImage({ layers: [{ size: 5_000 }] });
  const signature = makeImage({ layers: [{ size: 900, seed: 'signature' }] });
  await pushImage(world.api, 'team/app', '1', app);
  const first = await newestPush(world.api);
  await world.api.untilFinal(first?.id ?? '');
  const tag = `${app.digest.replace(':', '-')}.sig`;
  await pushImage(world.api, 'team/app', tag, signature);
  const second = await newestPush(world.api);
  expect(second?.id).not.toBe(first?.id);
  expect(await world.api.untilFinal(second?.id ?? '')).toMatchObject({ image: 'team/app:1', digest: app.digest });
  for (const registry of [world.home, world.relay]) await expectWhole(registry.url, 'team/app', tag, signature);
});

it('what was pulled as a cluster is mounted by the name that it has there', async () => {
  await using world = await openDoorWorld();
  await pushImage(world.api, 'team/app', '1', image);
  const from = 'cluster.us-east-prod/team/app';
  const scopes = ['repository:team/again:pull,push', `repository:${from}:pull`];
  const query = new URLSearchParams(scopes.map((scope) => ['scope', scope] as [string, string]));
  const password = `Basic ${Buffer.from(`ci:${world.api.token}`).toString('base64')}`;
  const answer = await fetch(`${world.url}/v2/token?${query}`, { headers: { authorization: password } });
  const { token } = (await answer.json()) as { token: string };
  const layer = image.blobs[0]?.digest;
  const path = `/v2/team/again/blobs/uploads/?mount=${layer}&from=${from}`;
  const mounted = await askRegistry({ url: world.url, authorization: `Bearer ${token}` }, path, { method: 'POST' });
  expect(mounted.status).toBe(201);
});

it('a delete is seen at once, and what a leg still needs is sent all the same', async () => {
  await using world = await openDoorWorld();
  const app = makeImage({ layers: [{ size: 5_000 }] });
  await world.relay.stop();
  await pushImage(world.api, 'team/app', '1', app);
  const found = await newestPush(world.api);
  const gone = await askRegistry(world.api, `/v2/team/app/manifests/${app.digest}`, { method: 'DELETE' });
  expect(gone.status).toBe(202);
  for (const { digest } of app.blobs)
    expect((await askRegistry(world.api, `/v2/team/app/blobs/${digest}`, { method: 'DELETE' })).status).toBe(202);
  expect((await askRegistry(world.api, `/v2/team/app/manifests/1`)).status).toBe(404);
  await world.relay.start();
  await world.api.untilFinal(found?.id ?? '');
  await expectWhole(world.relay.url, 'team/app', '1', app);
});

it('a depot that is full of what is needed answers 507', async () => {
  await using world = await openDoorWorld({ limits: { depotBytes: '1MB' } });
  await pushBlob(world.api, 'team/app', randomBytes(600_000));
  const bytes = randomBytes(600_000);
  const path = `/v2/team/app/blobs/uploads/?digest=${digestOf(bytes)}`;
  const answer = await askRegistry(world.api, path, { method: 'POST', body: bytes });
  expect(answer.status).toBe(507);
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] });
});

it('uploads under way count towards the depot, also after a restart, until they are cancelled or become blobs', async () => {
  await using folder = await openTempFolder('door-room');
  await using home = await openTestRegistry();
  const options = {
    registries: { aliyun: { url: home.url } },
    more: { limits: { depotBytes: '1MB' }, distribute: { '*': { tags: ['*'], except: ['*'] } } },
    folder: folder.path,
  };
  const usedBytes = async (api: ServiceApi) =>
    ((await api.send('GET', '/v1/depot')).body as { usedBytes: number }).usedBytes;
  const bytes = randomBytes(600_000);
  let path = '';
  {
    await using first = await openTestService(options);
    const opened = await askRegistry(first.api, '/v2/team/app/blobs/uploads/', { method: 'POST' });
    path = opened.headers.get('location') ?? '';
    expect((await askRegistry(first.api, path, { method: 'PATCH', body: bytes })).status).toBe(202);
    expect(await usedBytes(first.api)).toBe(600_000);
  }
  await using second = await openTestService(options);
  const { api } = second;
  expect(await usedBytes(api)).toBe(600_000);
  const other = randomBytes(500_000);
  const whole = `/v2/team/app/blobs/uploads/?digest=${digestOf(other)}`;
  expect((await askRegistry(api, whole, { method: 'POST', body: other })).status).toBe(507);
  expect(await usedBytes(api)).toBe(600_000);
  expect((await askRegistry(api, path, { method: 'DELETE' })).status).toBe(204);
  expect(await usedBytes(api)).toBe(0);
  expect((await askRegistry(api, whole, { method: 'POST', body: other })).status).toBe(201);
  expect(await usedBytes(api)).toBe(500_000);
});

it('what is pushed is in the request log, with the push that a tag made', async () => {
  await using world = await openDoorWorld();
  const app = makeImage({ layers: [{ size: 5_000 }] });
  await pushImage(world.api, 'team/app', '1', app);
  const found = await newestPush(world.api);
  const line = await eventually(() => world.service.logged.find(({ path }) => path === '/v2/team/app/manifests/1'));
  expect(line).toMatchObject({ event: 'request', level: 'info', method: 'PUT', status: 201, push: found?.id });
});
