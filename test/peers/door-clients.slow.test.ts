import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { blobUploads, openDoorWorld } from '../scenarios/door-world.ts';
import { hasContainerd, openContainerd } from '../support/containerd.ts';
import { openDockerRegistry } from '../support/docker-registry.ts';
import { expectWhole } from '../support/placed-image.ts';
import { openTestRegistry } from '../support/registry.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { skopeo } from '../support/skopeo.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { digestBySkopeo, makeLargeImage, makeLayout, pullBySkopeo, pushBySkopeo } from './peer-images.ts';
import { peerTest } from './peer-test.ts';
import { clientTest, runClient } from './run-client.ts';

const CREDS = `ci:${TEST_TOKEN}`;
const isRoot = process.getuid?.() === 0;

describe('pushing to the door and pulling from it', () => {
  const opened = new AsyncDisposableStack();
  let folder: TempFolder;
  let world: Awaited<ReturnType<typeof openDoorWorld>>;
  let address: string;

  beforeAll(async () => {
    folder = opened.use(await openTempFolder('door-clients'));
    world = opened.use(await openDoorWorld());
    address = new URL(world.url).host;
  });
  afterAll(() => opened.disposeAsync());

  /** Waits until what a tag means is placed everywhere, and answers its digest. */
  async function untilPlaced(name: string, tag: string): Promise<string> {
    const { body } = await world.api.send('GET', `/v1/images/${encodeURIComponent(name)}/tags/${tag}`);
    return (await world.api.untilFinal((body as { push: string }).push, 'placed', '60s')).digest ?? '';
  }

  peerTest('skopeo: an index with attestations as BuildKit makes it, in, placed, and out again', async () => {
    const image = makeImage({
      platforms: ['linux/amd64', 'linux/arm64'],
      layers: [{ size: 200_000 }, { size: 30_000, shared: true }],
      attestations: true,
    });
    await pushBySkopeo(image, { address }, 'skopeo/app:1', ['--dest-creds', CREDS]);
    expect(await untilPlaced('skopeo/app', '1')).toBe(image.digest);
    for (const { url } of [world.home, world.relay]) await expectWhole(url, 'skopeo/app', '1', image);
    const creds = ['--src-creds', CREDS];
    expect(await pullBySkopeo(`${address}/skopeo/app:1`, join(folder.path, 'out'), creds)).toBe(image.digest);
  });

  peerTest('skopeo sync: a repository with its tags, in and out', async () => {
    await using from = await openTestRegistry();
    await using to = await openTestRegistry();
    const images = ['a', 'b'].map((seed) =>
      makeImage({
        layers: [
          { size: 9_000, seed },
          { size: 7_000, seed: 'base' },
        ],
      }),
    );
    for (const [n, image] of images.entries()) await pushBySkopeo(image, from, `team/synced:${n}`);
    const sync = ['sync', '--all', '--preserve-digests', '--src=docker', '--dest=docker'];
    const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await skopeo([...sync, ...plain, '--dest-creds', CREDS, `${from.address}/team/synced`, `${address}/team`]);
    for (const [n, image] of images.entries()) expect(await untilPlaced('team/synced', String(n))).toBe(image.digest);
    await skopeo([...sync, ...plain, '--src-creds', CREDS, `${address}/team/synced`, `${to.address}/team`]);
    for (const [n, image] of images.entries()) await expectWhole(to.url, 'team/synced', String(n), image);
  });

  peerTest('skopeo: 60 layers, each sent once to each registry', async () => {
    const layers = Array.from({ length: 60 }, (_, n) => ({ size: 20_000 + n, seed: `layer ${n}` }));
    const image = makeImage({ layers });
    const before = [world.home, world.relay].map(blobUploads);
    await pushBySkopeo(image, { address }, 'skopeo/layers:1', ['--dest-creds', CREDS]);
    expect(await untilPlaced('skopeo/layers', '1')).toBe(image.digest);
    for (const [n, registry] of [world.home, world.relay].entries()) {
      await expectWhole(registry.url, 'skopeo/layers', '1', image);
      expect(blobUploads(registry) - (before[n] ?? 0)).toBe(image.blobs.length);
    }
  });

  const storage = (of: string) => ['--root', join(folder.path, of), '--runroot', join(folder.path, `${of}-run`)];
  const vfs = ['--storage-driver', 'vfs'];

  clientTest('buildah', isRoot)('buildah builds an image and pushes it; podman pulls it', async ({ skip }) => {
    const file = join(folder.path, 'file');
    await writeFile(file, 'what the image is for\n');
    const buildah = (...args: string[]) => runClient('buildah', [...storage('buildah'), ...vfs, ...args]);
    const container = (await buildah('from', 'scratch')).trim();
    await buildah('add', container, file, '/file');
    await buildah('commit', container, 'built');
    const to = `docker://${address}/buildah/app:1`;
    await buildah(
      'push',
      '--tls-verify=false',
      '--creds',
      CREDS,
      '--digestfile',
      join(folder.path, 'digest'),
      'built',
      to,
    );
    const digest = await untilPlaced('buildah/app', '1');
    expect(await digestBySkopeo(`${world.relay.address}/buildah/app:1`)).toBe(digest);
    const podman = (...args: string[]) => runClient('podman', [...storage('podman'), ...vfs, ...args]);
    if ((await podman('--version').catch(() => undefined)) === undefined) return skip('podman is not installed');
    await podman('pull', '--tls-verify=false', '--creds', CREDS, `${address}/buildah/app:1`);
    expect(await podman('image', 'inspect', '--format', '{{.Digest}}', `${address}/buildah/app:1`)).toContain(digest);
  });

  clientTest('ctr', isRoot && hasContainerd())(
    'containerd pulls and unpacks as a cluster, and pushes as CI',
    async () => {
      const layout = await makeLayout(join(folder.path, 'layout'));
      const flags = ['--dest-tls-verify=false', '--dest-creds', CREDS];
      await skopeo([
        'copy',
        '--preserve-digests',
        ...flags,
        `oci:${join(folder.path, 'layout')}:1.2.3`,
        `docker://${address}/ctr/app:1`,
      ]);
      expect(await untilPlaced('ctr/app', '1')).toBe(layout.digest);
      await using containerd = await openContainerd(join(folder.path, 'containerd'));
      const hosts = join(folder.path, 'certs.d', 'mirrored.example');
      await mkdir(hosts, { recursive: true });
      const host = `${world.url}/v2/cluster.us-east-prod`;
      await writeFile(
        join(hosts, 'hosts.toml'),
        `server = "https://mirrored.example"
[host."${host}"]
  capabilities = ["pull", "resolve"]
  override_path = true
[host."${host}".header]
  authorization = "Bearer ${TEST_TOKEN}"
`,
      );
      const image = 'mirrored.example/ctr/app:1';
      const from = ['--hosts-dir', join(folder.path, 'certs.d')];
      await containerd.ctr('images', 'pull', '--snapshotter', 'native', ...from, image);
      expect(await containerd.ctr('images', 'list', `name==${image}`)).toContain(layout.digest);
      const target = `${address}/ctr/pushed:1`;
      await containerd.ctr('images', 'push', '--plain-http', '--user', CREDS, target, image);
      expect(await untilPlaced('ctr/pushed', '1')).toBe(layout.digest);
    },
  );

  const dockerConfig = async (): Promise<Record<string, string>> => {
    const path = join(folder.path, 'docker');
    await mkdir(path, { recursive: true });
    const auths = { [address]: { auth: Buffer.from(CREDS).toString('base64') } };
    await writeFile(join(path, 'config.json'), JSON.stringify({ auths }));
    return { DOCKER_CONFIG: path };
  };

  clientTest('crane')('crane copies in, lists, pulls and appends', async () => {
    await using from = await openTestRegistry();
    const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], layers: [{ size: 90_000 }] });
    await pushBySkopeo(image, from, 'made/here:1');
    const env = await dockerConfig();
    const crane = (...args: string[]) => runClient('crane', ['--insecure', ...args], env);
    await crane('copy', `${from.address}/made/here:1`, `${address}/crane/app:1`);
    expect(await untilPlaced('crane/app', '1')).toBe(image.digest);
    await expectWhole(world.relay.url, 'crane/app', '1', image);
    expect((await crane('ls', `${address}/crane/app`)).trim()).toBe('1');
    expect((await crane('digest', `${address}/crane/app:1`)).trim()).toBe(image.digest);
    await crane('pull', '--format=oci', `${address}/crane/app:1`, join(folder.path, 'craned'));
    await crane('tag', `${address}/crane/app:1`, '2');
    expect(await untilPlaced('crane/app', '2')).toBe(image.digest);
  });

  clientTest('regctl')('regctl copies in, with referrers, and out', async () => {
    await using from = await openTestRegistry();
    const image = makeImage({ layers: [{ size: 90_000 }] });
    const sbom = makeImage({
      artifact: 'application/vnd.example.sbom',
      layers: [{ size: 700 }],
      subject: image.descriptor,
    });
    await pushBySkopeo(image, from, 'made/here:1');
    await pushBySkopeo(sbom, from, 'made/here:sbom');
    const env = { ...(await dockerConfig()), HOME: folder.path };
    const regctl = (...args: string[]) => runClient('regctl', args, env);
    for (const host of [from.address, address]) await regctl('registry', 'set', '--tls', 'disabled', host);
    await regctl('image', 'copy', '--referrers', `${from.address}/made/here:1`, `${address}/regctl/app:1`);
    expect(await untilPlaced('regctl/app', '1')).toBe(image.digest);
    expect(await regctl('artifact', 'list', `${address}/regctl/app:1`)).toContain(sbom.digest);
    await regctl('image', 'copy', `${address}/regctl/app:1`, `ocidir://${join(folder.path, 'regctled')}:1`);
    await expectWhole(world.relay.url, 'regctl/app', '1', image);
  });
});

peerTest('skopeo: a layer of 1 GB in, placed, and out as a cluster pulls it', { timeout: 180_000 }, async () => {
  await using folder = await openTempFolder('door-large');
  const { path } = folder;
  await using aliyun = await openDockerRegistry({ folder: join(path, 'aliyun') });
  const configPath = await writeServiceConfig(path, { registries: { aliyun } });
  await using service = await startServiceProcess({ configPath, dataPath: join(path, 'data') });
  const { host } = new URL(service.api.url);
  const digest = await makeLargeImage(join(path, 'large'), 1_000_000_000);
  const into = ['--dest-tls-verify=false', '--dest-creds', CREDS, `docker://${host}/team/large:1`];
  await skopeo(['copy', '--preserve-digests', `dir:${join(path, 'large')}`, ...into], { timeoutMs: 120_000 });
  const { body } = await service.api.send('GET', '/v1/images/team%2Flarge/tags/1');
  await service.api.untilFinal((body as { push: string }).push, 'placed', '60s');
  const place = `${host}/cluster.cn-prod/team/large:1`;
  expect(await pullBySkopeo(place, join(path, 'out'), ['--src-creds', CREDS])).toBe(digest);
});
