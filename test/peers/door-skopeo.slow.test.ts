import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { blobUploads } from '../scenarios/door-world.ts';
import { expectWhole } from '../support/placed-image.ts';
import { openTestRegistry } from '../support/registry.ts';
import { skopeo } from '../support/skopeo.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { type ClientWorld, CREDS, openClientWorld } from './client-world.ts';
import { digestBySkopeo, makeLayout, pullBySkopeo, pushBySkopeo } from './peer-images.ts';
import { peerTest } from './peer-test.ts';

const TO_DOOR = ['--dest-tls-verify=false', '--dest-creds', CREDS];
const FROM_DOOR = ['--src-tls-verify=false', '--src-creds', CREDS];

describe('skopeo at the door', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await openClientWorld('door-skopeo');
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const push = (image: ReturnType<typeof makeImage>, name: string) =>
    pushBySkopeo(image, world, name, ['--dest-creds', CREDS]);

  peerTest('an index with attestations as BuildKit makes it, in, placed, and out again', async () => {
    const { folder, address, cluster, home, relay, untilPlaced } = world;
    const image = makeImage({
      platforms: ['linux/amd64', 'linux/arm64'],
      layers: [{ size: 200_000 }, { size: 30_000, shared: true }],
      attestations: true,
    });
    await push(image, 'skopeo/app:1');
    expect(await untilPlaced('skopeo/app', '1')).toBe(image.digest);
    for (const { url } of [home, relay]) await expectWhole(url, 'skopeo/app', '1', image);
    const creds = ['--src-creds', CREDS];
    for (const [n, place] of [address, cluster].entries())
      expect(await pullBySkopeo(`${place}/skopeo/app:1`, join(folder, `out-${n}`), creds)).toBe(image.digest);
  });

  peerTest('sync: a repository with its tags from a registry, to a registry, to a folder and from it', async () => {
    const { folder, address, untilPlaced } = world;
    await using from = await openTestRegistry();
    await using to = await openTestRegistry();
    const images = ['a', 'b'].map((seed) =>
      makeImage({
        platforms: ['linux/amd64', 'linux/arm64'],
        layers: [
          { size: 9_000, seed },
          { size: 7_000, seed: 'base' },
        ],
      }),
    );
    for (const [n, image] of images.entries()) await pushBySkopeo(image, from, `team/synced:${n}`);
    const sync = (src: string, dest: string, ...args: string[]) =>
      skopeo(['sync', '--all', '--preserve-digests', `--src=${src}`, `--dest=${dest}`, ...args]);
    const expectPlaced = async (name: string) => {
      for (const [n, image] of images.entries()) expect(await untilPlaced(name, String(n))).toBe(image.digest);
    };
    await sync(
      'docker',
      'docker',
      '--src-tls-verify=false',
      ...TO_DOOR,
      `${from.address}/team/synced`,
      `${address}/team`,
    );
    await expectPlaced('team/synced');
    await sync(
      'docker',
      'docker',
      ...FROM_DOOR,
      '--dest-tls-verify=false',
      `${address}/team/synced`,
      `${to.address}/team`,
    );
    for (const [n, image] of images.entries()) await expectWhole(to.url, 'team/synced', String(n), image);
    const into = join(folder, 'synced');
    await sync('docker', 'dir', ...FROM_DOOR, `${address}/team/synced`, into);
    await sync('dir', 'docker', ...TO_DOOR, into, `${address}/again`);
    await expectPlaced('again/synced');
  });

  peerTest('60 layers, each sent once to each registry', async () => {
    const { home, relay, untilPlaced } = world;
    const layers = Array.from({ length: 60 }, (_, n) => ({ size: 20_000 + n, seed: `layer ${n}` }));
    const image = makeImage({ layers });
    const before = [home, relay].map(blobUploads);
    await push(image, 'skopeo/layers:1');
    expect(await untilPlaced('skopeo/layers', '1')).toBe(image.digest);
    for (const [n, registry] of [home, relay].entries()) {
      await expectWhole(registry.url, 'skopeo/layers', '1', image);
      expect(blobUploads(registry) - (before[n] ?? 0)).toBe(image.blobs.length);
    }
  });

  peerTest.for([
    ['Docker schema 2', 50_000, '--format=v2s2', 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
    // Other bytes: it remembers which it has in which compression.
    ['layers in zstd', 60_000, '--dest-compress-format=zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ] as const)('an image that it turns into %s on the way in', async ([, bytes, flag, type]) => {
    const { folder, address, cluster, relay, untilPlaced } = world;
    const layout = join(folder, `layout${flag}`);
    await makeLayout(layout, bytes);
    const name = `skopeo/${flag.replace(/.*=/, '')}:1`;
    await skopeo(['copy', flag, ...TO_DOOR, `oci:${layout}:1.2.3`, `docker://${address}/${name}`]);
    const digest = await untilPlaced(name.replace(':1', ''), '1');
    expect(await skopeo(['inspect', '--raw', '--tls-verify=false', `docker://${relay.address}/${name}`])).toContain(
      type,
    );
    expect(await pullBySkopeo(`${cluster}/${name}`, join(folder, `out${flag}`), ['--src-creds', CREDS])).toBe(digest);
  });

  peerTest('a signature under a tag as cosign names it goes where its image is, and is no release', async () => {
    const { cluster, home, relay, untilPlaced, untilNewestPlaced, isReleased } = world;
    const image = makeImage({ layers: [{ size: 20_000, seed: 'signed' }] });
    const signature = makeImage({ layers: [{ bytes: Buffer.from('{"critical":{}}') }], annotations: { by: 'cosign' } });
    await push(image, 'skopeo/signed:1');
    expect(await untilPlaced('skopeo/signed', '1')).toBe(image.digest);
    const tag = `${image.digest.replace(':', '-')}.sig`;
    await push(signature, `skopeo/signed:${tag}`);
    await untilNewestPlaced('skopeo/signed');
    for (const { url } of [home, relay]) await expectWhole(url, 'skopeo/signed', tag, signature);
    expect(await digestBySkopeo(`${cluster}/skopeo/signed:${tag}`, ['--creds', CREDS])).toBe(signature.digest);
    expect(await isReleased('skopeo/signed', tag)).toBe(false);
  });

  peerTest('login, list-tags, inspect, delete and logout', async () => {
    const { folder, address, api, untilPlaced } = world;
    const images = ['kept', 'deleted'].map((seed) => makeImage({ layers: [{ size: 3_000, seed }] }));
    for (const [n, image] of images.entries()) {
      await push(image, `skopeo/tags:${n}`);
      await untilPlaced('skopeo/tags', String(n));
    }
    const auth = ['--tls-verify=false', '--authfile', join(folder, 'auth.json')];
    await skopeo(['login', ...auth, '-u', 'ci', '-p', TEST_TOKEN, address]);
    const listTags = async () =>
      (JSON.parse(await skopeo(['list-tags', ...auth, `docker://${address}/skopeo/tags`])) as { Tags: string[] }).Tags;
    expect(await listTags()).toEqual(['0', '1']);
    const seen = await skopeo(['inspect', ...auth, `docker://${address}/skopeo/tags:0`]);
    expect(JSON.parse(seen)).toMatchObject({ Digest: images[0]?.digest, RepoTags: ['0', '1'] });
    await skopeo(['delete', ...auth, `docker://${address}/skopeo/tags:1`]);
    expect(await listTags()).toEqual(['0']);
    await expect(skopeo(['inspect', ...auth, `docker://${address}/skopeo/tags:1`])).rejects.toThrow('manifest unknown');
    // What was released is history: clusters go on with it.
    expect((await api.resolve('skopeo/tags:1', 'us-east-prod')).body).toMatchObject({ digest: images[1]?.digest });
    await skopeo(['logout', '--authfile', join(folder, 'auth.json'), address]);
    await expect(listTags()).rejects.toThrow('unauthorized');
  });
});
