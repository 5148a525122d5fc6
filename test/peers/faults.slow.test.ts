import { join } from 'node:path';
import { expect } from 'vitest';
import { type DistanceShim, openDistanceShim } from '../../src/app/demo/distance-shim.ts';
import { type DockerRegistry, openDockerRegistry } from '../support/docker-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage, type TestImage } from '../support/test-image.ts';
import { digestBySkopeo, pullBySkopeo, pushBySkopeo } from './peer-images.ts';
import { openPeerService, type PeerService } from './peer-service.ts';
import { peerTest } from './peer-test.ts';

const LAYER_BYTES = 12_000_000;

type Stand = AsyncDisposable & {
  folder: string;
  relay: DockerRegistry;
  /** Starts a relay that was stopped, where it was and with what it had. */
  restartRelay(): Promise<void>;
  shim: DistanceShim;
  service: PeerService;
  image: TestImage;
};

/** Three docker-registries, the relay behind a distance, and an image of one big layer at the source. */
async function openStand(distance: { bytesPerSecond?: number; resetAfterBytes?: number } = {}): Promise<Stand> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await openTempFolder('peers-faults'));
  const open = async (name: string) => opened.use(await openDockerRegistry({ folder: join(folder.path, name) }));
  const [source, home, relay] = await Promise.all([open('source'), open('home'), open('relay')]);
  const target = { host: '127.0.0.1', port: relay.port };
  const shim = await openDistanceShim({ target, delayMs: 2, seed: 1, ...distance });
  opened.defer(() => shim.close());
  const service = opened.use(
    await openPeerService({
      source: { url: source.url },
      home: { url: home.url },
      relays: { singapore: { url: shim.url } },
    }),
  );
  const image = makeImage({ platforms: ['linux/amd64'], layers: [{ size: LAYER_BYTES }, { size: 1_000_000 }] });
  await pushBySkopeo(image, source, 'team/app:1');
  const kept = opened.move();
  const restartRelay = async () => {
    kept.use(await openDockerRegistry({ folder: join(folder.path, 'relay'), port: relay.port }));
  };
  return {
    folder: folder.path,
    relay,
    restartRelay,
    shim,
    service,
    image,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function getLeg(service: PeerService, id: string) {
  const push = await service.api.getPush(id);
  const leg = push.transfers.find((each) => each.registry === 'singapore');
  if (leg === undefined) throw new Error('the push has no leg to the relay');
  return leg;
}

const untilSent = (service: PeerService, id: string, bytes: number) =>
  eventually(async () => (await getLeg(service, id)).bytesSent >= bytes, {
    deadlineMs: 15_000,
    what: `${bytes} bytes sent`,
  });

async function expectPlaced({ service, relay, image, folder }: Stand, id: string): Promise<void> {
  const push = await service.api.getPush(id, '40s');
  expect(push.transfers.map(({ registry, state, error }) => ({ registry, state, error }))).toEqual([
    { registry: 'home', state: 'placed', error: null },
    { registry: 'singapore', state: 'placed', error: null },
  ]);
  expect(await digestBySkopeo(`${relay.address}/team/app:1`)).toBe(image.digest);
  expect(await pullBySkopeo(`${relay.address}/team/app:1`, join(folder, 'pulled'))).toBe(image.digest);
}

peerTest(
  'a connection that breaks inside a chunk costs docker-registry its session: begun anew, counted, placed',
  async () => {
    await using stand = await openStand({ resetAfterBytes: 8_000_000 });
    const { id } = await stand.service.api.push('team/app:1', 'source/team/app:1');
    await expectPlaced(stand, id);
    expect(stand.shim.stats.resets).toBe(1);
    const leg = await getLeg(stand.service, id);
    expect(leg.blobsRestarted).toBeGreaterThan(0);
    expect(leg.bytesResent).toBeGreaterThan(0);
  },
);

peerTest('a border that is cut for a while delays its own leg only', async () => {
  await using stand = await openStand({ bytesPerSecond: 6_000_000 });
  const { service, shim } = stand;
  const { id } = await service.api.push('team/app:1', 'source/team/app:1');
  await untilSent(service, id, 4_000_000);
  shim.cut();
  await eventually(async () => (await service.api.getPush(id)).transfers[0]?.state === 'placed', {
    what: 'home placed',
  });
  expect(['running', 'waiting']).toContain((await getLeg(service, id)).state);
  shim.mend();
  await expectPlaced(stand, id);
});

peerTest(
  'kill -9 in the middle of a push, then a restart: it is finished, and what was finished is not sent again',
  async () => {
    await using stand = await openStand({ bytesPerSecond: 6_000_000 });
    const { service } = stand;
    const { id } = await service.api.push('team/app:1', 'source/team/app:1');
    await untilSent(service, id, 6_000_000);
    await service.killAndRestart();
    await expectPlaced(stand, id);
    const leg = await getLeg(service, id);
    expect(leg.attempts).toBeGreaterThan(1);
    // Only the blob that was on its way may be sent again, as far as it had come.
    expect(stand.shim.stats.bytesToTarget).toBeLessThan(2 * LAYER_BYTES + 1_000_000);
  },
);

peerTest('a docker-registry that goes away in the middle of a push and comes back gets the rest', async () => {
  await using stand = await openStand({ bytesPerSecond: 6_000_000 });
  const { service, relay } = stand;
  const { id } = await service.api.push('team/app:1', 'source/team/app:1');
  await untilSent(service, id, 5_000_000);
  await relay.stop();
  await eventually(async () => (await getLeg(service, id)).error !== null, {
    deadlineMs: 20_000,
    what: 'the leg says so',
  });
  await stand.restartRelay();
  await expectPlaced(stand, id);
});
