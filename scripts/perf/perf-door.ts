import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDockerRegistry } from '../../test/support/docker-registry.ts';
import { AUTHORIZATION, memoryOf, ROOT, startListening, TOKEN } from './children.ts';
import type { PacedLink } from './paced-link.ts';
import { type Comparison, type Cost, comparePairs, costOf, type Pair } from './pairs.ts';
import { putImage, writeRandom } from './perf-copy.ts';
import { skopeoCopy } from './skopeo-copy.ts';

export type DoorFigures = {
  readonly payloadBytes: number;
  readonly pushed: Comparison;
  readonly oneClientOverIdleBytes: number;
  readonly fiftyClientsOverIdleBytes: number;
};

const CLIENTS = 50;

/**
 * Pushes one image by skopeo, from a folder, into docker-registry and into the service in turns, each time empty;
 * nothing is distributed, so that both do the same. Then fifty clients at once.
 */
export async function measureDoor(payloadBytes: number, rounds: number): Promise<DoorFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  try {
    const image = await makeImage(folder, payloadBytes, 4);
    const pairs: Pair[] = [];
    const peaks: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const theirs = await intoDockerRegistry(image, join(folder, `registry-${round}`));
      const ours = await withService(join(folder, `door-${round}`), false, ({ address }) =>
        push(image, address, TOKEN),
      );
      pairs.push({ theirs, ours });
      peaks.push(ours.overIdleBytes);
    }
    const blob = join(folder, 'blob');
    const digest = await writeRandom(blob, payloadBytes / CLIENTS);
    const fifty = await withService(join(folder, 'fifty'), false, async ({ url }) => {
      const sent = Array.from({ length: CLIENTS }, (_, n) => sendBlob(url, `team/app-${n}`, blob, digest));
      await Promise.all(sent);
    });
    return {
      payloadBytes,
      pushed: comparePairs(pairs),
      oneClientOverIdleBytes: Math.max(...peaks),
      fiftyClientsOverIdleBytes: fifty.overIdleBytes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image of so many layers in a folder, as skopeo's `dir:` has it. */
export async function makeImage(folder: string, payloadBytes: number, layers: number): Promise<string> {
  const image = join(folder, `image-${layers}`);
  const made = join(folder, 'made');
  {
    await using source = await openDockerRegistry({ folder: made });
    await putImage(source.url, { layers, layerBytes: payloadBytes / layers }, folder);
    await skopeoCopy('--src-tls-verify=false', `docker://${source.address}/team/app:1`, `dir:${image}`);
  }
  await rm(made, { recursive: true });
  return image;
}

export const push = (image: string, address: string, token?: string) =>
  skopeoCopy(
    '--dest-tls-verify=false',
    ...(token === undefined ? [] : ['--dest-creds', `perf:${token}`]),
    `dir:${image}`,
    `docker://${address}/team/app:1`,
  );

async function intoDockerRegistry(image: string, folder: string): Promise<Cost> {
  await using registry = await openDockerRegistry({ folder });
  const cost = await costOf(registry.pid, () => push(image, registry.address));
  await rm(folder, { recursive: true, force: true });
  return cost;
}

/** Runs `work` against a service of its own and answers what it took and what memory it needed. */
export async function withService(
  folder: string,
  distributes: boolean,
  work: (service: { url: string; address: string }) => Promise<void>,
  /** How the service gets to its target; directly without it. */
  openLink?: (url: string) => Promise<PacedLink>,
): Promise<Cost & { overIdleBytes: number }> {
  await mkdir(folder);
  await using target = await openDockerRegistry({ folder: join(folder, 'registry') });
  await using link = await openLink?.(target.url);
  const config = join(folder, 'regions.yaml');
  await writeFile(
    config,
    `registries:
  aliyun: { kind: oci, role: home, region: cn-beijing, url: "${link?.url ?? target.url}" }
sites: { beijing: { service: true } }
distribute: { "*": { tags: ["*"], except: [${distributes ? '' : '"*"'}] } }
`,
  );
  const serve = [join(ROOT, 'bin/entrepot.js'), 'serve', '--config', config, '--data', join(folder, 'data')];
  const service = await startListening([...serve, '--listen', '127.0.0.1:0']);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const idleBytes = memoryOf(service.pid).rssBytes;
    const cost = await costOf(service.pid, () => work({ url: service.url, address: new URL(service.url).host }));
    return { ...cost, overIdleBytes: memoryOf(service.pid).peakBytes - idleBytes };
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sendBlob(url: string, repository: string, path: string, digest: string): Promise<void> {
  const send = request(`${url}/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: AUTHORIZATION,
  });
  createReadStream(path).pipe(send);
  const [response] = await once(send, 'response');
  response.resume();
  if (response.statusCode !== 201) throw new Error(`a blob was answered ${response.statusCode}`);
}
