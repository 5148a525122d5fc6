import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Push } from '../../src/api/schema/push-schema.ts';
import { eventually } from '../support/eventually.ts';
import { expectWhole } from '../support/placed-image.ts';
import type { TestRegistry } from '../support/registry.ts';
import { legOf } from '../support/service-api.ts';
import { makeImage } from '../support/test-image.ts';
import { LayoutBuilder, layerTar, named, noise, tarOf } from '../sync/archive/archive-builder.ts';
import { CHUNK_BYTES, openCrashWorld } from './crash-world.ts';

const MB = 1_000_000;
const big = makeImage({ layers: [{ size: 18 * MB }, { size: 12 * MB }, { size: 8 * MB }, { size: 2 * MB }] });
const seed = Number(process.env.SEED ?? 20_261);

/** The same instants for the same seed. */
function* randomMs(from: number, to: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield from + (state / 2 ** 32) * (to - from);
  }
}

const bytesReceived = (registry: TestRegistry) =>
  registry.requests.reduce((sum, { path, bytesIn }) => sum + (/\/blobs\/uploads\//.test(path) ? bytesIn : 0), 0);
const blobBytes = big.blobs.reduce((sum, blob) => sum + blob.bytes.byteLength, 0);
const blobsFinished = (registry: TestRegistry) =>
  registry.requests
    .filter(({ method, path, status }) => method === 'PUT' && /digest=/.test(path) && status === 201)
    .map(({ path }) => decodeURIComponent(path.split('digest=')[1] ?? ''));

it(`a push that is killed again and again (seed ${seed}) is placed in the end, sends no finished blob again and at most a chunk of each interrupted one`, {
  timeout: 120_000,
}, async () => {
  await using world = await openCrashWorld({ image: big, bytesPerSecond: 9 * MB });
  const instants = randomMs(150, 1_100);
  let service = await world.start();
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  let kills = 0;
  for (; kills < 4; kills += 1) {
    await sleep(instants.next().value);
    if ((await service.api.getPush(id)).state !== 'running') break;
    await service.kill();
    service = await world.start({ port: service.port });
  }
  expect(kills).toBeGreaterThanOrEqual(3);
  const push: Push = await service.api.untilFinal(id, 'placed', '40s');
  for (const registry of Object.values(world.targets)) {
    await expectWhole(registry.url, 'team/app', '1', big);
    const finished = blobsFinished(registry);
    expect(finished.length).toBe(new Set(finished).size);
    // What went there twice: at each kill at most one chunk of each blob that was under way.
    expect(bytesReceived(registry) - blobBytes).toBeLessThanOrEqual(kills * big.blobs.length * CHUNK_BYTES);
  }
  for (const leg of push.transfers)
    expect(leg.bytesSent - leg.bytesResent + leg.bytesSavedPresent + leg.bytesSavedMounted).toBe(leg.bytesTotal);
});

it('a push that was just answered 202 is placed though the service was killed at that instant', async () => {
  const image = makeImage({ layers: [{ size: 200_000 }] });
  await using world = await openCrashWorld({ image });
  let service = await world.start();
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.kill();
  service = await world.start();
  await service.api.untilFinal(id);
  for (const registry of Object.values(world.targets)) await expectWhole(registry.url, 'team/app', '1', image);
});

it('an archive is kept from its 202 on, and leaves no trace when the service is killed before', async () => {
  await using world = await openCrashWorld({ image: makeImage() });
  const builder = new LayoutBuilder();
  const layers = await Promise.all([1, 2, 3].map((each) => layerTar('file', noise(1 * MB, each))));
  const image = builder.addImage(layers);
  const tar = await tarOf(builder.layout([named(image, 'team/made:1')]));
  let service = await world.start();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent > tar.byteLength / 2) return new Promise(() => {});
      controller.enqueue(tar.subarray(sent, sent + 65_536));
      sent += 65_536;
      return undefined;
    },
  });
  const cut = expect(service.api.sendArchive('image=team/made:1', body)).rejects.toThrow();
  await eventually(
    async () => sent > tar.byteLength / 2 && Number((await service.api.send('GET', '/v1/depot')).body.usedBytes) > MB,
  );
  await service.kill();
  await cut;
  service = await world.start();
  expect((await service.api.send('GET', '/v1/pushes')).body).toMatchObject({ items: [] });
  expect((await service.api.send('GET', '/v1/depot')).body).toMatchObject({ pinnedBytes: 0, landingBytes: 0 });
  const { id } = await service.api.pushArchive('team/made:1', tar);
  await service.kill();
  service = await world.start();
  expect(await service.api.untilFinal(id)).toMatchObject({ digest: image.digest });
  for (const registry of Object.values(world.targets)) {
    const answer = await fetch(`${registry.url}/v2/team/made/manifests/1`, { method: 'HEAD' });
    expect(answer.headers.get('docker-content-digest')).toBe(image.digest);
  }
});

it('a service that is told to stop in the middle of a push exits 0 at once and goes on when it is started again', async () => {
  const image = makeImage({ layers: [{ size: 6 * MB }] });
  await using world = await openCrashWorld({ image, bytesPerSecond: 3 * MB });
  let service = await world.start();
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.api.untilLeg(id, 'singapore', (leg) => leg.bytesSent > MB);
  const beganMs = performance.now();
  expect(await service.stop()).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  service = await world.start();
  const push = await service.api.untilFinal(id);
  for (const leg of push.transfers) expect(leg.bytesResent).toBeLessThanOrEqual(CHUNK_BYTES);
  for (const registry of Object.values(world.targets)) await expectWhole(registry.url, 'team/app', '1', image);
});

it('a registry that stalls without closing is left and asked again, and the push goes on where it stood', async () => {
  const image = makeImage({ layers: [{ size: 50 * MB }] });
  // More than the sockets on the way hold, so that the stall is felt while the chunk is sent.
  const chunkBytes = 24 * MB;
  await using world = await openCrashWorld({ image, bytesPerSecond: 60 * MB, limits: { stall: '1s', chunkBytes } });
  world.targets.singapore.failNext('PATCH', { stall: true, afterBytes: 100_000, skip: 1 });
  const service = await world.start();
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  const push = await service.api.untilFinal(id, 'placed', '18s');
  const leg = legOf(push, 'singapore');
  expect(leg.bytesResent).toBeGreaterThan(0);
  expect(leg.bytesResent).toBeLessThanOrEqual(chunkBytes);
  expect(bytesReceived(world.targets.singapore)).toBeLessThanOrEqual(50 * MB + chunkBytes);
  await expectWhole(world.targets.singapore.url, 'team/app', '1', image);
});
