import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasContainerd, openContainerd } from '../support/containerd.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService, type TestService } from '../support/service.ts';
import { type ServiceProcess, startAgentProcess } from '../support/service-process.ts';
import { skopeo } from '../support/skopeo.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { digestBySkopeo, pullBySkopeo } from './peer-images.ts';
import { hasPeers, peersAreRequired, peerTest } from './peer-test.ts';

const readExample = (name: string) => readFile(join(import.meta.dirname, '../../examples', name), 'utf8');
const hosts = await readExample('containerd-hosts.toml');
const registries = await readExample('crio-registries.conf');
// Required or not, containerd starts for root alone.
const isRoot = process.getuid?.() === 0;
const containerdTest = test.skipIf(!isRoot || (!peersAreRequired && !hasContainerd()));

describe('pulling by cluster', () => {
  const opened = new AsyncDisposableStack();
  const image = makeImage({
    platforms: ['linux/amd64', 'linux/arm64'],
    layers: [{ size: 1_500_000 }, { size: 2_000 }],
  });
  let folder: TempFolder;
  let singapore: TestRegistry;
  let service: TestService;
  let agent: ServiceProcess;
  let token: string;

  beforeAll(async () => {
    if (!hasPeers && !hasContainerd()) return;
    folder = opened.use(await openTempFolder('pull-door'));
    const source = opened.use(await openTestRegistry());
    const aliyun = opened.use(await openTestRegistry());
    singapore = opened.use(await openTestRegistry());
    await seedImage(source, 'team/app', '1', image);
    service = opened.use(await openTestService({ registries: { aliyun, singapore }, source, choose: 'singapore' }));
    const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    await service.api.untilFinal(id);
    ({ token } = await service.api.withToken({ role: 'cluster', cluster: 'us-east-prod' }));
    agent = opened.use(
      await startAgentProcess({
        site: 'us-east',
        dataPath: join(folder.path, 'agent'),
        serviceUrl: service.api.url,
        askedWith: token,
      }),
    );
    await eventually(async () => (await agent.api.resolve('team/app:1', 'us-east-prod')).status === 200, {
      what: 'the agent having its copy',
    });
  });
  afterAll(() => opened.disposeAsync());

  const doors = { service: () => service.api.url, agent: () => agent.api.url };
  for (const [name, url] of Object.entries(doors)) {
    peerTest(`skopeo pulls the whole image from the ${name} by the cluster's prefix`, async () => {
      const place = `${new URL(url()).host}/cluster.us-east-prod/team/app:1`;
      singapore.forgetRequests();
      expect(await digestBySkopeo(place, ['--creds', `cluster:${token}`])).toBe(image.digest);
      expect(await pullBySkopeo(place, join(folder.path, 'pulled', name), ['--src-creds', `cluster:${token}`])).toBe(
        image.digest,
      );
      expect(singapore.count('GET', /blobs/)).toBeGreaterThan(0);
    });

    peerTest(
      `skopeo pulls what is of registry.example from the ${name}, by our example of a registries.conf`,
      async () => {
        const written = registries.replaceAll('127.0.0.1:8081', new URL(url()).host);
        expect(written).not.toBe(registries);
        const path = join(folder.path, `registries-${name}.conf`);
        await writeFile(path, written);
        const { host } = new URL(url());
        const authFile = join(folder.path, `auth-${name}.json`);
        await skopeo(['login', '--tls-verify=false', '--authfile', authFile, '-u', 'cluster', '-p', token, host]);
        const flags = ['--registries-conf', path, '--authfile', authFile];
        singapore.forgetRequests();
        expect(await digestBySkopeo('registry.example/team/app:1', flags)).toBe(image.digest);
        const pulled = join(folder.path, 'mirrored', name);
        expect(await pullBySkopeo('registry.example/team/app:1', pulled, flags)).toBe(image.digest);
        expect(singapore.count('GET', /blobs/)).toBeGreaterThan(0);
      },
    );

    containerdTest(
      `containerd pulls what is of registry.example from the ${name}, by our example of a hosts.toml`,
      async () => {
        await using containerd = await openContainerd(join(folder.path, `containerd-${name}`));
        const hostsDir = join(folder.path, `certs.d-${name}`);
        await mkdir(join(hostsDir, 'registry.example'), { recursive: true });
        const written = hosts.replaceAll('http://127.0.0.1:8081', url()).replace('TOKEN', token);
        expect(written).not.toBe(hosts);
        await writeFile(join(hostsDir, 'registry.example', 'hosts.toml'), written);
        singapore.forgetRequests();
        const reference = 'registry.example/team/app:1';
        await containerd.ctr('content', 'fetch', '--hosts-dir', hostsDir, '--all-platforms', reference);
        expect(singapore.count('GET', /blobs/)).toBeGreaterThan(0);
        expect(await containerd.ctr('images', 'list', `name==${reference}`)).toContain(image.digest);
        // Its store takes in only what has the digest that it is kept by.
        const held = (await containerd.ctr('content', 'list', '--quiet')).trim().split('\n');
        const expected = [...image.manifests, ...image.blobs].map(({ digest }) => digest);
        expect(held.toSorted()).toEqual([...new Set<string>(expected)].toSorted());
      },
    );
  }
});
