import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../support/eventually.ts';
import { expectWhole } from '../support/placed-image.ts';
import { openTestRegistry } from '../support/registry.ts';
import { askRegistry } from '../support/registry-place.ts';
import { pushImage } from '../support/seed-image.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { blobUploads, openDoorWorld } from './door-world.ts';

it('fifty pushes at once of images that share a layer land it once and send it once to each registry', async () => {
  await using world = await openDoorWorld();
  const images = Array.from({ length: 50 }, (_, index) =>
    makeImage({
      layers: [
        { size: 40_000, seed: 'shared' },
        { size: 500, seed: `own ${index}` },
      ],
    }),
  );
  const shared = new Set(images.flatMap((each) => each.blobs.map((blob) => blob.digest)));
  await Promise.all(images.map((each, index) => pushImage(world.api, 'team/app', `v${index}`, each)));
  for (const [index] of images.entries()) {
    const { body } = await world.api.send('GET', `/v1/images/team%2Fapp/tags/v${index}`);
    await world.api.untilFinal((body as { push: string }).push);
  }
  for (const registry of [world.home, world.relay]) expect(blobUploads(registry)).toBe(shared.size);
  const { body } = await world.api.send('GET', '/v1/depot');
  expect((body as { blobs: number }).blobs).toBe(shared.size + images.length);
});

/** Opens a session, sends `bytes` of a body that is announced to be longer, and answers its place once they are held. */
async function sendHalf(api: ServiceApi, bytes: Uint8Array): Promise<{ path: string; hangUp(): void }> {
  const opened = await askRegistry(api, '/v2/team/app/blobs/uploads/', { method: 'POST' });
  const path = opened.headers.get('location') ?? '';
  const patch = request(`${api.url}${path}`, {
    method: 'PATCH',
    headers: {
      authorization: api.authorization,
      'content-length': bytes.byteLength * 2,
      'content-type': 'application/octet-stream',
    },
  });
  patch.on('error', () => {});
  patch.write(bytes);
  await eventually(
    async () => {
      const { headers } = await askRegistry(api, path);
      return headers.get('range') === `0-${bytes.byteLength - 1}` || undefined;
    },
    { deadlineMs: 10_000, what: 'the first half being held' },
  );
  return { path, hangUp: () => patch.destroy() };
}

async function sendRest(api: ServiceApi, path: string, all: Buffer, heldBytes: number): Promise<void> {
  const stands = await askRegistry(api, path);
  expect(stands.headers.get('range')).toBe(`0-${heldBytes - 1}`);
  const rest = await askRegistry(api, path, {
    method: 'PATCH',
    headers: { 'content-range': `${heldBytes}-${all.byteLength - 1}`, 'content-type': 'application/octet-stream' },
    body: all.subarray(heldBytes),
  });
  expect(rest.status).toBe(202);
  const closed = await askRegistry(api, `${path}?digest=${digestOf(all)}`, { method: 'PUT' });
  expect(closed.status).toBe(201);
}

it('a client that is cut off in the middle of a layer goes on where the session stands', async () => {
  await using world = await openDoorWorld();
  const all = randomBytes(4_000_000);
  const half = await sendHalf(world.api, all.subarray(0, 2_000_000));
  half.hangUp();
  await sendRest(world.api, half.path, all, 2_000_000);
});

it('kill -9 of the service in the middle of a layer loses no byte it held, and the image is placed', async () => {
  await using home = await openTestRegistry();
  await using folder = await openTempFolder('door-kill');
  const configPath = await writeServiceConfig(folder.path, { registries: { aliyun: { url: home.url } } });
  const dataPath = `${folder.path}/data`;
  const image = makeImage({ layers: [{ size: 4_000_000 }] });
  const layer = image.blobs.find((blob) => blob.bytes.byteLength > 1_000_000);
  if (layer === undefined) throw new Error('the image has no layer');
  const all = Buffer.from(layer.bytes);
  const heldBytes = 1_500_000;
  await using first = await startServiceProcess({ configPath, dataPath });
  const { path } = await sendHalf(first.api, all.subarray(0, heldBytes));
  await first.kill();
  await using second = await startServiceProcess({ configPath, dataPath });
  await sendRest(second.api, path, all, heldBytes);
  await pushImage(second.api, 'team/app', '1', image);
  const { body } = await second.api.send('GET', '/v1/pushes?image=team/app');
  await second.api.untilFinal((body as { items: { id: string }[] }).items[0]?.id ?? '');
  await expectWhole(home.url, 'team/app', '1', image);
});

it('a push answered by the tag survives kill -9 at that instant', async () => {
  await using home = await openTestRegistry();
  await using folder = await openTempFolder('door-kill');
  const configPath = await writeServiceConfig(folder.path, { registries: { aliyun: { url: home.url } } });
  const dataPath = `${folder.path}/data`;
  const image = makeImage({ layers: [{ size: 900_000 }] });
  await using first = await startServiceProcess({ configPath, dataPath });
  await home.stop();
  await pushImage(first.api, 'team/app', '1', image);
  await first.kill();
  await home.start();
  await using second = await startServiceProcess({ configPath, dataPath });
  const { body } = await second.api.send('GET', '/v1/pushes?image=team/app');
  await second.api.untilFinal((body as { items: { id: string }[] }).items[0]?.id ?? '');
  await expectWhole(home.url, 'team/app', '1', image);
});
