import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type DockerRegistry, openDockerRegistry } from '../support/docker-registry.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { digestBySkopeo, pullBySkopeo, pushBySkopeo } from './peer-images.ts';
import { openPeerService, type PeerService } from './peer-service.ts';
import { hasPeers, peerTest } from './peer-test.ts';

describe('between docker-registries', () => {
  const opened = new AsyncDisposableStack();
  let folder: TempFolder;
  let source: DockerRegistry;
  let home: DockerRegistry;
  let relay: DockerRegistry;
  let service: PeerService;

  beforeAll(async () => {
    if (!hasPeers) return;
    folder = opened.use(await openTempFolder('peers-copy'));
    const open = async (name: string) => opened.use(await openDockerRegistry({ folder: join(folder.path, name) }));
    [source, home, relay] = await Promise.all([open('source'), open('home'), open('relay')]);
    service = opened.use(
      await openPeerService({
        source: { url: source.url },
        home: { url: home.url, prefix: 'web3d' },
        relays: { singapore: { url: relay.url } },
      }),
    );
  });
  afterAll(() => opened.disposeAsync());

  const places = (name: string) => [`${home.address}/web3d/${name}`, `${relay.address}/${name}`];

  for (const dockerSchema2 of [false, true]) {
    const kind = dockerSchema2 ? 'A Docker manifest list' : 'An OCI index';
    peerTest(`${kind} of two platforms that skopeo pushed arrives whole and with the same digest`, async () => {
      const image = makeImage({
        platforms: ['linux/amd64', 'linux/arm64'],
        layers: [{ size: 3_500_000 }, { size: 2_000, shared: true }],
        seed: kind,
        dockerSchema2,
      });
      const name = `team/copy-${dockerSchema2 ? 'docker' : 'oci'}`;
      await pushBySkopeo(image, source, `${name}:1`);
      const accepted = await service.api.push(`${name}:1`, `source/${name}:1`);
      expect(accepted.digest).toBe(image.digest);
      expect(await service.api.getPush(accepted.id, '30s')).toMatchObject({ state: 'placed', digest: image.digest });
      for (const place of places(`${name}:1`)) {
        expect(await digestBySkopeo(place)).toBe(image.digest);
        expect(await pullBySkopeo(place, join(folder.path, 'pulled', place))).toBe(image.digest);
      }
      expect(await service.api.push(`${name}:1`, `source/${name}:1`)).toMatchObject({
        unchanged: true,
        state: 'placed',
      });
    });
  }

  peerTest('what resolve answers is what skopeo pulls', async () => {
    const image = makeImage({ platforms: ['linux/amd64'], layers: [{ size: 200_000 }], seed: 'resolve' });
    await pushBySkopeo(image, source, 'team/resolved:1');
    const { id } = await service.api.push('team/resolved:1', 'source/team/resolved:1');
    await service.api.getPush(id, '30s');
    const answers = [
      await service.api.resolve('team/resolved:1', 'cn-prod'),
      await service.api.resolve('team/resolved:1', 'us-east-prod'),
    ];
    expect(answers.map(({ state, reference }) => [state, reference])).toEqual([
      ['home', `${home.address}/web3d/team/resolved@${image.digest}`],
      ['chosen', `${relay.address}/team/resolved@${image.digest}`],
    ]);
    for (const { reference, registry } of answers)
      expect(await pullBySkopeo(reference, join(folder.path, 'resolved', registry))).toBe(image.digest);
  });

  peerTest('a layer that another repository of the target has is mounted, not sent', async () => {
    const layers = [{ size: 2_500_000, seed: 'the base', shared: true }];
    const first = makeImage({ platforms: ['linux/amd64'], layers, seed: 'first' });
    const second = makeImage({ platforms: ['linux/amd64'], layers, seed: 'second' });
    await pushBySkopeo(first, source, 'team/first:1');
    await pushBySkopeo(second, source, 'team/second:1');
    const before = await service.api.push('team/first:1', 'source/team/first:1');
    expect((await service.api.getPush(before.id, '30s')).state).toBe('placed');
    const { id } = await service.api.push('team/second:1', 'source/team/second:1');
    const push = await service.api.getPush(id, '30s');
    expect(push.state).toBe('placed');
    for (const leg of push.transfers) {
      expect(leg.bytesSavedMounted).toBe(2_500_000);
      expect(leg.bytesSent).toBeLessThan(10_000);
    }
    for (const place of places('team/second:1'))
      expect(await pullBySkopeo(place, join(folder.path, 'mounted', place))).toBe(second.digest);
  });
});
