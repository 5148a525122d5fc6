import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDockerRegistry } from '../../test/support/docker-registry.ts';
import { AUTHORIZATION, memoryOf, ROOT, startListening, TOKEN } from './children.ts';
import { type Comparison, type Cost, comparePairs, costOf, type Pair } from './pairs.ts';
import { putImage } from './perf-copy.ts';
import { skopeoCopy } from './skopeo-copy.ts';

export type PullFigures = {
  readonly payloadBytes: number;
  /** Through a service that has given the image before: it knows codes of the blocks. */
  readonly pulled: Comparison;
  /** The first pull through a service that has just been started: it has to hash what it reads. */
  readonly pulledFirst: Comparison;
  /** The same by a bare server that sends what it reads, and by one that hashes it in a thread: what Node costs at least. */
  readonly bare: Comparison;
  readonly bareWithHash: Comparison;
  readonly oneClientOverIdleBytes: number;
  readonly fiftyClientsOverIdleBytes: number;
};

const CLIENTS = 50;
const USER = { username: 'ci', password: 'peer-secret' };
/** bcrypt of the password, as `htpasswd -B` writes it: who asks for credentials offers no blob to everybody. */
const HTPASSWD = `${USER.username}:$2b$05$abcdefghijklmnopqrstuuAhY.FMHMyx8pp0oFe8FuDMDLB7y6IiO\n`;

/**
 * Pulls one image by skopeo into a folder: from a docker-registry that asks for credentials, from two bare servers, from
 * the service, which has given it once before, and from one that has just been started over the same data, in turns. Then fifty clients
 * at once take a layer each.
 */
export async function measurePull(payloadBytes: number, rounds: number): Promise<PullFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  try {
    const image = join(folder, 'image');
    {
      await using made = await openDockerRegistry({ folder: join(folder, 'made') });
      await putImage(made.url, { layers: 4, layerBytes: payloadBytes / 4 }, folder);
      await skopeoCopy('--src-tls-verify=false', `docker://${made.address}/team/app:1`, `dir:${image}`);
    }
    await rm(join(folder, 'made'), { recursive: true });
    const htpasswd = join(folder, 'htpasswd');
    await writeFile(htpasswd, HTPASSWD);
    const auth = { htpasswd: { realm: 'perf', path: htpasswd } };
    await using registry = await openDockerRegistry({ folder: join(folder, 'registry'), auth });
    const config = join(folder, 'regions.yaml');
    await writeFile(config, formatConfig(registry.url));
    const serve = [join(ROOT, 'bin/entrepot.js'), 'serve', '--config', config, '--data', join(folder, 'data')];
    const pulled = join(folder, 'pulled');
    const pull = async (pid: number, place: string, creds: string): Promise<Cost> => {
      const cost = await costOf(pid, () =>
        skopeoCopy('--src-tls-verify=false', '--src-creds', creds, `docker://${place}`, `dir:${pulled}`),
      );
      await rm(pulled, { recursive: true });
      return cost;
    };
    const pullBare = async (...how: string[]): Promise<Cost> => {
      const bare = await startListening([join(ROOT, 'scripts/perf/bare-blobs.ts'), image, ...how]);
      try {
        return await pull(bare.pid, `${new URL(bare.url).host}/team/app:1`, 'nobody:nothing');
      } finally {
        await bare.stop();
      }
    };
    /** With a service that was idle before, so that its peak is that of the work. */
    const through = async (work: (service: { url: string; pid: number }) => Promise<Cost>) => {
      const fresh = await startListening([...serve, '--listen', '127.0.0.1:0'], { REGISTRY_PASSWORD: USER.password });
      try {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        const idleBytes = memoryOf(fresh.pid).rssBytes;
        const cost = await work(fresh);
        return { ...cost, overIdleBytes: memoryOf(fresh.pid).peakBytes - idleBytes };
      } finally {
        await fresh.stop();
      }
    };
    const throughDoor = async ({ url, pid }: { url: string; pid: number }) =>
      pull(pid, `${new URL(url).host}/cluster.cn-prod/team/app:1`, `perf:${TOKEN}`);
    const pairs: Pair[] = [];
    const first: Pair[] = [];
    const bare: Pair[] = [];
    const bareWithHash: Pair[] = [];
    const peaks: number[] = [];
    const service = await startListening([...serve, '--listen', '127.0.0.1:0'], { REGISTRY_PASSWORD: USER.password });
    try {
      const { host } = new URL(service.url);
      const into = ['--dest-tls-verify=false', '--dest-creds', `perf:${TOKEN}`];
      await skopeoCopy(...into, `dir:${image}`, `docker://${host}/team/app:1`);
      await untilPlaced(service.url);
      await throughDoor(service);
      for (let round = 0; round < rounds; round += 1) {
        const theirs = await pull(registry.pid, `${registry.address}/team/app:1`, `${USER.username}:${USER.password}`);
        pairs.push({ theirs, ours: await throughDoor(service) });
        bare.push({ theirs, ours: await pullBare() });
        bareWithHash.push({ theirs, ours: await pullBare('hash') });
      }
    } finally {
      await service.stop();
    }
    for (let round = 0; round < rounds; round += 1) {
      const theirs = await pull(registry.pid, `${registry.address}/team/app:1`, `${USER.username}:${USER.password}`);
      const ours = await through(throughDoor);
      first.push({ theirs, ours });
      peaks.push(ours.overIdleBytes);
    }
    const fifty = await through(async ({ url, pid }) => {
      const layers = await findLayers(url);
      return costOf(pid, async () => {
        await Promise.all(Array.from({ length: CLIENTS }, (_, n) => drain(url, layers[n % layers.length] ?? '')));
      });
    });
    return {
      payloadBytes,
      pulled: comparePairs(pairs),
      pulledFirst: comparePairs(first),
      bare: comparePairs(bare),
      bareWithHash: comparePairs(bareWithHash),
      oneClientOverIdleBytes: Math.max(...peaks),
      fiftyClientsOverIdleBytes: fifty.overIdleBytes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function formatConfig(url: string): string {
  return `registries:
  aliyun:
    { kind: oci, role: home, region: cn-beijing, url: "${url}",
      credentials: { username: ${USER.username}, password: "env:REGISTRY_PASSWORD" } }
sites: { beijing: { service: true } }
clusters: { cn-prod: { site: beijing, pulls: home } }
`;
}

async function untilPlaced(url: string): Promise<void> {
  const ask = async (path: string) => (await fetch(`${url}${path}`, { headers: AUTHORIZATION })).json();
  const { items } = (await ask('/v1/pushes')) as { items: { id: string }[] };
  const { state } = (await ask(`/v1/pushes/${items[0]?.id}?wait=10m`)) as { state: string };
  if (state !== 'placed') throw new Error(`the push is ${state}`);
}

async function findLayers(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/v2/cluster.cn-prod/team/app/manifests/1`, { headers: AUTHORIZATION });
  return ((await answer.json()) as { layers: { digest: string }[] }).layers.map(({ digest }) => digest);
}

/** Takes the first twentieth of a layer's bytes and no more, so that fifty do not take fifty times the image. */
async function drain(url: string, digest: string): Promise<void> {
  const head = await fetch(`${url}/v2/cluster.cn-prod/team/app/blobs/${digest}`, {
    method: 'HEAD',
    headers: AUTHORIZATION,
  });
  const end = Math.floor(Number(head.headers.get('content-length')) / 20) - 1;
  const answer = await fetch(`${url}/v2/cluster.cn-prod/team/app/blobs/${digest}`, {
    headers: { ...AUTHORIZATION, range: `bytes=0-${end}` },
  });
  if (answer.status !== 206) throw new Error(`a range was answered ${answer.status}`);
  for await (const _ of answer.body ?? []);
}
