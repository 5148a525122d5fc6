import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { hasContainerd, openContainerd } from '../support/containerd.ts';
import { eventually } from '../support/eventually.ts';
import { hasSkopeo, skopeo } from '../support/skopeo.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { clientTest } from './client-test.ts';
import { type ClientWorld, CREDS, openClientWorld } from './client-world.ts';
import { makeIndexLayout, makeLargeImage } from './peer-images.ts';

const isUsable = process.getuid?.() === 0 && hasContainerd() && hasSkopeo();
const APP_BYTES = 6_000_000;
const LARGE_BYTES = 40_000_000;
/** Of which the layer has several. */
const PIECE_BYTES = 1024 * 1024;
/** Version 2 fetches a layer by several requests at once. Source: containerd 2.4, docs/transfer.md and core/remotes/docker/fetcher.go. */
const PARALLEL = `[plugins."io.containerd.transfer.v1.local"]
  max_concurrent_downloads = 4
  concurrent_layer_fetch_buffer = ${PIECE_BYTES}
[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux/amd64"
  snapshotter = "native"
`;

/** Waits until containerd has a part of a large blob. */
async function untilIngested(folder: string): Promise<void> {
  await eventually(
    async () => {
      for (const name of await readdir(folder)) {
        const { size } = await stat(join(folder, name, 'data'));
        if (size > 1_000_000 && size < LARGE_BYTES) return true;
      }
      return undefined;
    },
    { everyMs: 1, what: 'the layer being under way' },
  );
}

describe('containerd at the door', () => {
  let world: ClientWorld;
  let digest: string;
  beforeAll(async () => {
    world = await openClientWorld('door-containerd', { relayAsks: true });
    if (!isUsable) return;
    const layout = join(world.folder, 'layout');
    ({ digest } = await makeIndexLayout(layout, APP_BYTES));
    const flags = ['--all', '--preserve-digests', '--dest-tls-verify=false', '--dest-creds', CREDS];
    await skopeo(['copy', ...flags, `oci:${layout}:1.2.3`, `docker://${world.address}/ctr/app:1`]);
    expect(await world.untilPlaced('ctr/app', '1')).toBe(digest);
    // Clusters go on with what was released; nobody else finds it now.
    expect((await world.api.fetch('/v2/ctr/app/manifests/1', { method: 'DELETE' })).status).toBe(202);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Makes the door the mirror of `host`, with what names the cluster; answers the folder to be used. */
  async function mirror(host: string, path: string, header = ''): Promise<string> {
    const hostsDir = join(world.folder, 'certs.d');
    const mirrored = `${world.url}${path}`;
    await mkdir(join(hostsDir, host), { recursive: true });
    await writeFile(
      join(hostsDir, host, 'hosts.toml'),
      `server = "https://${host}"
[host."${mirrored}"]
  capabilities = ["pull", "resolve"]
  override_path = ${path !== ''}
[host."${mirrored}".header]
  authorization = "Bearer ${TEST_TOKEN}"
  ${header}
`,
    );
    return hostsDir;
  }

  clientTest('ctr', isUsable).for([
    ['native', 'its path', 'path.example', '/v2/cluster.us-east-prod', ''],
    ['overlayfs', 'a header', 'header.example', '', 'entrepot-cluster = "us-east-prod"'],
    ['native', 'the name of what is mirrored', 'us-east-prod', '', ''],
  ] as const)(
    'an index is pulled as a cluster and unpacked (%s); %s says which cluster',
    async ([snapshotter, , host, path, header], { skip }) => {
      await using containerd = await openContainerd(join(world.folder, `of-${host}`));
      const plugins = await containerd.ctr('plugins', 'list', `id==${snapshotter}`);
      if (!/\sok\s/.test(plugins)) return skip(`there is no ${snapshotter} here: ${plugins}`);
      const hostsDir = await mirror(host, path, header);
      const image = `${host}/ctr/app:1`;
      await containerd.ctr('images', 'pull', '--snapshotter', snapshotter, '--hosts-dir', hostsDir, image);
      expect(await containerd.ctr('images', 'list', `name==${image}`)).toContain(digest);
      const snapshots = await containerd.ctr('snapshots', '--snapshotter', snapshotter, 'list');
      expect(snapshots.match(/Committed/g)).toHaveLength(2);
    },
  );

  clientTest('ctr', isUsable)('what was pulled is pushed, as CI does', async () => {
    await using containerd = await openContainerd(join(world.folder, 'pushing'));
    const image = `${world.cluster}/ctr/app:1`;
    await containerd.ctr('content', 'fetch', '--plain-http', '--user', CREDS, '--all-platforms', image);
    const target = `${world.address}/ctr/pushed:1`;
    await containerd.ctr('images', 'push', '--plain-http', '--user', CREDS, target, image);
    expect(await world.untilPlaced('ctr/pushed', '1')).toBe(digest);
  });

  clientTest('ctr', isUsable)(
    'a pull that is killed amid a layer goes on where it was when it is started again',
    async () => {
      await makeLargeImage(join(world.folder, 'large'), LARGE_BYTES);
      const to = ['--dest-tls-verify=false', '--dest-creds', CREDS, `docker://${world.address}/ctr/large:1`];
      await skopeo(['copy', '--preserve-digests', `dir:${join(world.folder, 'large')}`, ...to]);
      const large = await world.untilPlaced('ctr/large', '1');
      const at = join(world.folder, 'killed');
      await using containerd = await openContainerd(at);
      const image = `${world.cluster}/ctr/large:1`;
      const fetching = containerd.start('content', 'fetch', '--plain-http', '--user', CREDS, image);
      const gone = once(fetching, 'exit');
      await untilIngested(join(at, 'root/io.containerd.content.v1.content/ingest'));
      fetching.kill('SIGKILL');
      expect(await gone).toEqual([null, 'SIGKILL']);
      const before = world.answered(206);
      await containerd.ctr('content', 'fetch', '--plain-http', '--user', CREDS, image);
      expect(world.answered(206)).toBe(before + 1);
      expect(await containerd.ctr('images', 'list', `name==${image}`)).toContain(large);
    },
  );

  clientTest('ctr2', isUsable && hasContainerd('2'))(
    'version 2 fetches the parts of a layer at once, and unpacks what they make',
    async () => {
      await using containerd = await openContainerd(join(world.folder, 'parallel'), { version: '2', config: PARALLEL });
      const hostsDir = await mirror('parallel.example', '/v2/cluster.us-east-prod');
      const image = 'parallel.example/ctr/app:1';
      const before = world.answered(206);
      await containerd.ctr('images', 'pull', '--snapshotter', 'native', '--hosts-dir', hostsDir, image);
      expect(await containerd.ctr('images', 'list', `name==${image}`)).toContain(digest);
      expect(world.answered(206) - before).toBeGreaterThanOrEqual(Math.floor(APP_BYTES / PIECE_BYTES));
    },
  );
});
