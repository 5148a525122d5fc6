import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { blobUploads } from '../scenarios/door-world.ts';
import { eventually } from '../support/eventually.ts';
import { findProgram } from '../support/find-program.ts';
import { openTestRegistry } from '../support/registry.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { digestBySkopeo, makeLargeImage, pushBySkopeo } from './peer-images.ts';
import { peerTest } from './peer-test.ts';

const CREDS = `ci:${TEST_TOKEN}`;
/** For machines with much else to do. */
const LONG = { timeout: 90_000 };
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
    uploads: join(dataPath, 'depot/door/uploads'),
    start: async (port = 0) => opened.use(await startServiceProcess({ configPath, dataPath, port })),
    /** skopeo pushes the image to the service. */
    push({ port }: ServiceProcess) {
      const flags = [
        '--insecure-policy',
        'copy',
        '--preserve-digests',
        '--dest-tls-verify=false',
        '--dest-creds',
        CREDS,
      ];
      return spawn(
        findProgram('skopeo') ?? 'skopeo',
        [...flags, `dir:${layout}`, `docker://127.0.0.1:${port}/team/app:1`],
        {
          stdio: 'ignore',
        },
      );
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Waits until a good part of the layer has come, and not all of it. */
async function untilMidway(uploads: string): Promise<void> {
  await eventually(
    async () => {
      for (const name of await readdir(uploads)) {
        const { size } = await stat(join(uploads, name));
        if (size > 5_000_000 && size < LAYER_BYTES) return true;
      }
      return undefined;
    },
    { everyMs: 2, what: 'the layer being under way' },
  );
}

async function expectPlaced(service: ServiceProcess, digest: string, address: string): Promise<void> {
  const { body } = await service.api.send('GET', '/v1/images/team%2Fapp/tags/1');
  await service.api.untilFinal((body as { push: string }).push, 'placed', '60s');
  expect(await digestBySkopeo(`${address}/team/app:1`)).toBe(digest);
}

peerTest('skopeo, killed in the middle of a layer and started again, pushes the image', LONG, async () => {
  await using world = await openWorld();
  const service = await world.start();
  const first = world.push(service);
  const gone = once(first, 'exit');
  await untilMidway(world.uploads);
  first.kill('SIGKILL');
  expect(await gone).toEqual([null, 'SIGKILL']);
  const [code] = await once(world.push(service), 'exit');
  expect(code).toBe(0);
  await expectPlaced(service, world.digest, world.aliyun.address);
});

peerTest(
  'the service, killed in the middle of a layer and started again, takes the image from a new skopeo',
  LONG,
  async () => {
    await using world = await openWorld();
    const service = await world.start();
    const first = world.push(service);
    const gone = once(first, 'exit');
    await untilMidway(world.uploads);
    await service.kill();
    const again = await world.start(service.port);
    // It may have gone on by itself, where its own retries reach over the restart.
    const [code] = await gone;
    if (code !== 0) expect(await once(world.push(again), 'exit')).toEqual([0, null]);
    await expectPlaced(again, world.digest, world.aliyun.address);
  },
);

peerTest(
  'fifty of skopeo at once, of images that share base layers: each lands once and crosses once',
  LONG,
  async () => {
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
  },
);
