import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { findProgram } from '../support/find-program.ts';
import { expectWhole } from '../support/placed-image.ts';
import { openTestRegistry } from '../support/registry.ts';
import { runClient } from '../support/run-client.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { layerTar } from '../sync/archive/archive-builder.ts';
import { clientTest } from './client-test.ts';
import { type ClientWorld, openClientWorld } from './client-world.ts';
import { makeIndexLayout } from './peer-images.ts';

const SBOM = 'application/vnd.example.sbom';

describe('clients in Go at the door', () => {
  let world: ClientWorld;
  /** As `docker login` would have it. */
  let env: Record<string, string>;
  const crane = (...args: string[]) => runClient('crane', ['--insecure', ...args], env);
  const regctl = (...args: string[]) => runClient('regctl', args, env);

  beforeAll(async () => {
    world = await openClientWorld('door-go');
    env = { DOCKER_CONFIG: join(world.folder, 'docker'), HOME: world.folder };
    if (findProgram('regctl') !== undefined)
      await regctl('registry', 'set', '--skip-check', '--tls', 'disabled', world.address);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  clientTest('crane')('crane logs in, pushes an index, finds it whole, pulls it, tags and deletes it', async () => {
    const { folder, address, cluster, untilPlaced } = world;
    const layout = join(folder, 'layout');
    const { digest } = await makeIndexLayout(layout, 90_000);
    const index = `${address}/crane/index`;
    await expect(crane('push', layout, `${index}:1`)).rejects.toThrow('UNAUTHORIZED');
    await crane('auth', 'login', '-u', 'ci', '-p', TEST_TOKEN, address);
    await crane('push', layout, `${index}:1`);
    expect(await untilPlaced('crane/index', '1')).toBe(digest);
    for (const platform of ['linux/amd64', 'linux/arm64'])
      await crane('validate', '--platform', platform, '--remote', `${cluster}/crane/index:1`);
    await crane('pull', '--format=oci', `${cluster}/crane/index:1`, join(folder, 'pulled'));
    await crane('validate', '--tarball', await pullTarball(`${cluster}/crane/index:1`));
    await crane('tag', `${index}:1`, '2');
    expect(await untilPlaced('crane/index', '2')).toBe(digest);
    expect((await crane('ls', index)).trim().split('\n')).toEqual(['1', '2']);
    await crane('delete', `${index}:2`);
    expect((await crane('ls', index)).trim()).toBe('1');
    expect((await crane('digest', `${index}:1`)).trim()).toBe(digest);
  });

  async function pullTarball(reference: string): Promise<string> {
    const file = join(world.folder, 'pulled.tar');
    await crane('pull', '--platform', 'linux/amd64', reference, file);
    return file;
  }

  clientTest('crane')('crane copies an index in, within, and out; appends a layer and changes labels', async () => {
    const { folder, address, relay, untilPlaced } = world;
    await using from = await openTestRegistry();
    await using to = await openTestRegistry();
    await crane('auth', 'login', '-u', 'ci', '-p', TEST_TOKEN, address);
    const image = makeImage({
      platforms: ['linux/amd64', 'linux/arm64'],
      layers: [{ size: 90_000 }],
      attestations: true,
    });
    await seedImage(from, 'made/here', '1', image);
    await crane('copy', `${from.address}/made/here:1`, `${address}/crane/app:1`);
    expect(await untilPlaced('crane/app', '1')).toBe(image.digest);
    await expectWhole(relay.url, 'crane/app', '1', image);
    await crane('copy', `${address}/crane/app:1`, `${address}/crane/within:1`);
    expect(await untilPlaced('crane/within', '1')).toBe(image.digest);
    await crane('copy', `${address}/crane/app:1`, `${to.address}/made/there:1`);
    await expectWhole(to.url, 'made/there', '1', image);

    const layer = join(folder, 'layer.tar');
    await writeFile(layer, await layerTar('added', 'by crane'));
    const made = `${address}/crane/made`;
    await crane('append', '-f', layer, '-t', `${made}:1`);
    await untilPlaced('crane/made', '1');
    await crane('mutate', '--label', 'by=crane', '-t', `${made}:2`, `${made}:1`);
    await untilPlaced('crane/made', '2');
    await crane('validate', '--remote', `${relay.address}/crane/made:2`);
    expect(await crane('config', `${made}:2`)).toContain('"by":"crane"');
    expect(await crane('export', `${relay.address}/crane/made:2`, '-')).toContain('by crane');
  });

  clientTest('regctl')('regctl copies an index with what is hung on it, in, and out as a cluster', async () => {
    const { folder, address, cluster, home, relay, untilPlaced, untilNewestPlaced, isReleased } = world;
    await using from = await openTestRegistry();
    const image = makeImage({
      platforms: ['linux/amd64', 'linux/arm64'],
      layers: [{ size: 80_000 }],
      attestations: true,
    });
    const sbom = makeImage({ artifact: SBOM, layers: [{ size: 700 }], subject: image.descriptor });
    const signature = makeImage({ layers: [{ bytes: Buffer.from('{"critical":{}}') }], annotations: { by: 'cosign' } });
    const signatureTag = `${image.digest.replace(':', '-')}.sig`;
    await seedImage(from, 'made/here', '1', image);
    await seedImage(from, 'made/here', undefined, sbom);
    await seedImage(from, 'made/here', signatureTag, signature);
    await regctl('registry', 'set', '--tls', 'disabled', from.address);
    await regctl('registry', 'login', '-u', 'ci', '-p', TEST_TOKEN, address);
    const all = ['--referrers', '--digest-tags'];
    await regctl('image', 'copy', ...all, `${from.address}/made/here:1`, `${address}/regctl/app:1`);
    expect(await untilPlaced('regctl/app', '1')).toBe(image.digest);
    await untilNewestPlaced('regctl/app');
    for (const { url } of [home, relay]) {
      await expectWhole(url, 'regctl/app', '1', image);
      await expectWhole(url, 'regctl/app', sbom.digest, sbom);
      await expectWhole(url, 'regctl/app', signatureTag, signature);
    }
    expect(await isReleased('regctl/app', signatureTag)).toBe(false);
    const pulled = `ocidir://${join(folder, 'pulled-by-regctl')}:1`;
    await regctl('image', 'copy', ...all, `${cluster}/regctl/app:1`, pulled);
    expect((await regctl('image', 'digest', pulled)).trim()).toBe(image.digest);
    for (const place of [`${cluster}/regctl/app:1`, pulled])
      expect(await regctl('artifact', 'list', '--digest-tags', place)).toContain(sbom.digest);
  });

  clientTest('regctl')(
    'regctl hangs an artifact on an image that is placed; removes a tag; puts and gets blobs',
    async () => {
      const { folder, address, cluster, relay, untilPlaced, untilNewestPlaced } = world;
      await regctl('registry', 'login', '-u', 'ci', '-p', TEST_TOKEN, address);
      await using from = await openTestRegistry();
      const image = makeImage({ layers: [{ size: 30_000, seed: 'bare' }] });
      await seedImage(from, 'made/here', '1', image);
      await regctl('registry', 'set', '--tls', 'disabled', from.address);
      const app = `${address}/regctl/bare`;
      await regctl('image', 'copy', `${from.address}/made/here:1`, `${app}:1`);
      await untilPlaced('regctl/bare', '1');
      const file = join(folder, 'sbom.json');
      await writeFile(file, '{"packages":[]}');
      await regctl('artifact', 'put', '--artifact-type', SBOM, '--subject', `${app}:1`, '-f', file);
      await untilNewestPlaced('regctl/bare');
      const listed = await regctl('artifact', 'list', '--filter-artifact-type', SBOM, `${cluster}/regctl/bare:1`);
      const digest = /sha256:[0-9a-f]{64}/.exec(listed.slice(listed.indexOf('Referrers')))?.[0];
      expect((await fetch(`${relay.url}/v2/regctl/bare/manifests/${digest}`)).status).toBe(200);
      const got = await regctl(
        'artifact',
        'get',
        '--filter-artifact-type',
        SBOM,
        '--subject',
        `${cluster}/regctl/bare:1`,
      );
      expect(got).toBe('{"packages":[]}');

      await regctl('image', 'copy', `${app}:1`, `${app}:2`);
      await untilPlaced('regctl/bare', '2');
      await regctl('tag', 'rm', `${app}:2`);
      expect((await regctl('tag', 'ls', app)).trim().split('\n')).toEqual(['1']);
      const put = await runClient('sh', ['-c', 'regctl blob put "$1" < "$2"', 'sh', app, file], env);
      expect(await regctl('blob', 'get', app, put.trim())).toBe('{"packages":[]}');
      await regctl('blob', 'delete', app, put.trim());
      await expect(regctl('blob', 'get', app, put.trim())).rejects.toThrow('not found');
    },
  );
});
