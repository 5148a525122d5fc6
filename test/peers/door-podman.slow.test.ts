import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { findProgram } from '../support/find-program.ts';
import { runClient } from '../support/run-client.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { clientTest } from './client-test.ts';
import { type ClientWorld, CREDS, openClientWorld } from './client-world.ts';
import { digestBySkopeo } from './peer-images.ts';

// Both keep images as root alone can.
const isUsable = process.getuid?.() === 0 && findProgram('buildah') !== undefined;
const PLAIN = '--tls-verify=false';

describe('buildah and podman at the door', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await openClientWorld('door-podman');
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** One of the two, with a store of its own. */
  const openClient =
    (program: string, store: string = program) =>
    (...args: string[]) => {
      const at = (name: string) => join(world.folder, name);
      const storage = ['--root', at(store), '--runroot', at(`${store}-run`), '--storage-driver', 'vfs'];
      return runClient(program, [...storage, ...args]);
    };

  clientTest('podman', isUsable)(
    'buildah builds and pushes, podman pulls and pushes on, buildah pulls that',
    async () => {
      const { folder, address, cluster, relay, untilPlaced } = world;
      const buildah = openClient('buildah');
      const file = join(folder, 'file');
      await writeFile(file, 'what the image is for\n');
      const container = (await buildah('from', 'scratch')).trim();
      await buildah('add', container, file, '/file');
      await buildah('commit', container, 'built');
      await buildah('push', PLAIN, '--creds', CREDS, 'built', `docker://${address}/buildah/app:1`);
      const digest = await untilPlaced('buildah/app', '1');
      expect(await digestBySkopeo(`${relay.address}/buildah/app:1`)).toBe(digest);

      const podman = openClient('podman');
      const auth = [PLAIN, '--authfile', join(folder, 'auth.json')];
      const pulled = `${cluster}/buildah/app:1`;
      await podman('login', ...auth, '-u', 'ci', '-p', TEST_TOKEN, address);
      await podman('pull', ...auth, pulled);
      expect(await podman('image', 'inspect', '--format', '{{.Digest}}', pulled)).toContain(digest);

      const pushed = `${address}/podman/app:1`;
      const digestFile = join(folder, 'digest');
      await podman('push', ...auth, '--digestfile', digestFile, pulled, `docker://${pushed}`);
      expect(await untilPlaced('podman/app', '1')).toBe(await readFile(digestFile, 'utf8'));
      await podman('logout', '--authfile', join(folder, 'auth.json'), address);
      await expect(podman('pull', ...auth, pushed)).rejects.toThrow('unauthorized');

      await buildah('pull', PLAIN, '--creds', CREDS, pushed);
      const again = openClient('buildah', 'podman');
      const fromPodman = (await again('from', pulled)).trim();
      expect(await readFile(join((await again('mount', fromPodman)).trim(), 'file'), 'utf8')).toBe(
        'what the image is for\n',
      );
      await again('umount', fromPodman);
    },
  );

  clientTest('podman', isUsable)('buildah pushes a list of two platforms, podman pulls one of them', async () => {
    const { address, cluster, untilPlaced } = world;
    const buildah = openClient('buildah');
    const platforms = ['amd64', 'arm64'];
    for (const platform of platforms) {
      const container = (await buildah('from', '--arch', platform, 'scratch')).trim();
      await buildah('commit', container, `for-${platform}`);
    }
    await buildah('manifest', 'create', 'list', ...platforms.map((platform) => `for-${platform}`));
    await buildah('manifest', 'push', PLAIN, '--creds', CREDS, '--all', 'list', `docker://${address}/buildah/list:1`);
    const digest = await untilPlaced('buildah/list', '1');
    const place = `${cluster}/buildah/list:1`;
    expect(await digestBySkopeo(place, ['--creds', CREDS])).toBe(digest);
    const podman = openClient('podman');
    await podman('pull', PLAIN, '--creds', CREDS, '--arch', 'arm64', place);
    expect(await podman('image', 'inspect', '--format', '{{.Architecture}}', place)).toContain('arm64');
  });
});
