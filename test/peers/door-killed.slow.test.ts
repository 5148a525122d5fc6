import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import { blobUploads } from '../scenarios/door-world.ts';
import { findProgram } from '../support/find-program.ts';
import { openPatientLink } from '../support/patient-link.ts';
import { openTestRegistry } from '../support/registry.ts';
import { runClient } from '../support/run-client.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { hasSkopeo, skopeo } from '../support/skopeo.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { clientTest } from './client-test.ts';
import { CREDS } from './client-world.ts';
import { digestBySkopeo, makeLargeImage, pushBySkopeo } from './peer-images.ts';
import { peerTest } from './peer-test.ts';
import { untilMidway } from './upload-under-way.ts';

const LAYER_BYTES = 80_000_000;

async function openWorld() {
  const opened = new AsyncDisposableStack();
  const { path } = opened.use(await openTempFolder('door-killed'));
  const aliyun = opened.use(await openTestRegistry());
  const configPath = await writeServiceConfig(path, { registries: { aliyun } });
  const dataPath = join(path, 'data');
  const layout = join(path, 'image');
  const digest = await makeLargeImage(layout, LAYER_BYTES);
  return {
    aliyun,
    digest,
    path,
    dataPath,
    layout,
    start: async (port = 0) => opened.use(await startServiceProcess({ configPath, dataPath, port })),
    /** skopeo pushes the image to the service. */
    push({ port }: ServiceProcess, ...more: string[]) {
      const flags = ['--preserve-digests', '--dest-tls-verify=false', '--dest-creds', CREDS, ...more];
      const places = [`dir:${layout}`, `docker://127.0.0.1:${port}/team/app:1`];
      const args = ['--insecure-policy', 'copy', ...flags, ...places];
      return spawn(findProgram('skopeo') ?? 'skopeo', args, { stdio: 'ignore' });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function expectPlaced(service: ServiceProcess, digest: string, address: string): Promise<void> {
  const { body } = await service.api.send('GET', '/v1/images/team%2Fapp/tags/1');
  await service.api.untilFinal((body as { push: string }).push, 'placed', '60s');
  expect(await digestBySkopeo(`${address}/team/app:1`)).toBe(digest);
}

peerTest('skopeo, killed in the middle of a layer and started again, pushes the image', async () => {
  await using world = await openWorld();
  const service = await world.start();
  const first = world.push(service);
  const gone = once(first, 'exit');
  await untilMidway(world.dataPath, LAYER_BYTES);
  first.kill('SIGKILL');
  expect(await gone).toEqual([null, 'SIGKILL']);
  const [code] = await once(world.push(service), 'exit');
  expect(code).toBe(0);
  await expectPlaced(service, world.digest, world.aliyun.address);
});

peerTest(
  'the service, killed in the middle of a layer and started again, takes the image as skopeo tries again by itself',
  async () => {
    await using world = await openWorld();
    const service = await world.start();
    const gone = once(world.push(service, '--retry-times', '8'), 'exit');
    await untilMidway(world.dataPath, LAYER_BYTES);
    await service.kill();
    const again = await world.start(service.port);
    // Now and then Go tells it of the broken connection in words after which it does not try again.
    const [code] = await gone;
    if (code !== 0) expect(await once(world.push(again), 'exit')).toEqual([0, null]);
    await expectPlaced(again, world.digest, world.aliyun.address);
  },
);

clientTest('regctl', hasSkopeo())(
  'the service, killed in the middle of a layer and started again, is sent the rest by regctl, with its old token',
  async () => {
    await using world = await openWorld();
    const service = await world.start();
    // It tries no longer than 3 s.
    await using link = await openPatientLink(service.port);
    const host = link.address;
    const env = { DOCKER_CONFIG: join(world.path, 'docker'), HOME: world.path };
    const layout = join(world.path, 'layout');
    await skopeo(['copy', '--preserve-digests', `dir:${world.layout}`, `oci:${layout}:1`]);
    const chunks = ['--blob-chunk', '4000000', '--blob-max', '1'];
    await runClient('regctl', ['registry', 'set', '--skip-check', '--tls', 'disabled', ...chunks, host], env);
    await runClient('regctl', ['registry', 'login', '-u', 'ci', '-p', TEST_TOKEN, host], env);
    const copying = runClient('regctl', ['image', 'copy', `ocidir://${layout}:1`, `${host}/team/app:1`], env);
    copying.catch(() => {});
    await untilMidway(world.dataPath, LAYER_BYTES);
    await service.kill();
    const again = await world.start(service.port);
    await copying;
    await expectPlaced(again, world.digest, world.aliyun.address);
  },
);

peerTest('fifty of skopeo at once, of images that share base layers: each lands once and crosses once', async () => {
  await using folder = await openTempFolder('door-fifty');
  await using aliyun = await openTestRegistry();
  const configPath = await writeServiceConfig(folder.path, { registries: { aliyun } });
  await using service = await startServiceProcess({ configPath, dataPath: join(folder.path, 'data') });
  const images = Array.from({ length: 50 }, (_, n) =>
    makeImage({
      layers: [
        { size: 400_000, seed: 'base' },
        { size: 90_000, seed: 'runtime' },
        { size: 500, seed: `own ${n}` },
      ],
    }),
  );
  const address = new URL(service.api.url).host;
  await Promise.all(
    images.map((image, n) => pushBySkopeo(image, { address }, `team/app-${n % 10}:v${n}`, ['--dest-creds', CREDS])),
  );
  for (const n of images.keys()) {
    const { body } = await service.api.send('GET', `/v1/images/team%2Fapp-${n % 10}/tags/v${n}`);
    await service.api.untilFinal((body as { push: string }).push, 'placed', '60s');
  }
  const blobs = new Set(images.flatMap((image) => image.blobs.map(({ digest }) => digest)));
  // The others of the ten repositories got them by mounts.
  expect(blobUploads(aliyun)).toBe(blobs.size);
  const { body } = await service.api.send('GET', '/v1/depot');
  expect((body as { blobs: number }).blobs).toBe(blobs.size + images.length);
});
