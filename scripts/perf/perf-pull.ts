import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  /** Through a service and a docker-registry that have been at work. */
  readonly pulled: Comparison;
  /** The first pull since both were started, from the same data. */
  readonly pulledFirst: Comparison;
  /** The same through a service that has lost the codes of blocks: it has to hash what it reads. */
  readonly pulledUncoded: Comparison;
  /** The layers by curl, which does nothing with the bytes: there the server is what is waited for. */
  readonly pulledByCurl: Comparison;
  /** By a bare server that checks nothing, in turns with `pulled`: what Node costs at least. */
  readonly bare: Comparison;
  readonly oneClientOverIdleBytes: number;
  readonly fiftyClientsOverIdleBytes: number;
};

const CLIENTS = 50;
const USER = { username: 'ci', password: 'peer-secret' };
/** bcrypt of the password, as `htpasswd -B` writes it: who asks for credentials offers no blob to everybody. */
const HTPASSWD = `${USER.username}:$2b$05$abcdefghijklmnopqrstuuAhY.FMHMyx8pp0oFe8FuDMDLB7y6IiO\n`;

/**
 * Pulls one image by skopeo into a folder, in turns: from a docker-registry that asks for credentials, from the service it
 * was pushed to, and from a bare server; then from the first two when they have just been started. Then fifty clients at
 * once take a layer each.
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
    const openRegistry = () => openDockerRegistry({ folder: join(folder, 'registry'), auth });
    await using registry = await openRegistry();
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
    const pullTheirs = ({ pid, address }: { pid: number; address: string }) =>
      pull(pid, `${address}/team/app:1`, `${USER.username}:${USER.password}`);
    const pullBare = async ({ pid, url }: { pid: number; url: string }) =>
      pull(pid, `${new URL(url).host}/team/app:1`, 'nobody:nothing');
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
    const service = await startListening([...serve, '--listen', '127.0.0.1:0'], { REGISTRY_PASSWORD: USER.password });
    const bare = await startListening([join(ROOT, 'scripts/perf/bare-blobs.ts'), image]);
    let atWork: Cost[][];
    let byCurl: Cost[][];
    try {
      const { host } = new URL(service.url);
      const into = ['--dest-tls-verify=false', '--dest-creds', `perf:${TOKEN}`];
      await skopeoCopy(...into, `dir:${image}`, `docker://${host}/team/app:1`);
      await untilPlaced(service.url);
      const sources = [() => pullTheirs(registry), () => throughDoor(service), () => pullBare(bare)];
      await inTurns(1, sources);
      atWork = await inTurns(2 * rounds, sources);
      const layers = await findLayers(service.url);
      const curlFrom = (pid: number, repository: string, creds: string) => () =>
        costOf(pid, () =>
          curl(
            layers.map((layer) => `${repository}/blobs/${layer}`),
            creds,
          ),
        );
      byCurl = await inTurns(4 * rounds, [
        curlFrom(registry.pid, `${registry.url}/v2/team/app`, `${USER.username}:${USER.password}`),
        curlFrom(service.pid, `${service.url}/v2/cluster.cn-prod/team/app`, `perf:${TOKEN}`),
      ]);
    } finally {
      await bare.stop();
      await service.stop();
    }
    const peaks: number[] = [];
    const startTheirs = async () => {
      await using fresh = await openRegistry();
      return await pullTheirs(fresh);
    };
    const startOurs = async () => {
      const cost = await through(throughDoor);
      peaks.push(cost.overIdleBytes);
      return cost;
    };
    const startUncoded = async () => {
      await rm(join(folder, 'data', 'block-codes.db'));
      return startOurs();
    };
    const first = await inTurns(rounds, [startTheirs, startOurs]);
    const uncoded = await inTurns(rounds, [startTheirs, startUncoded]);
    const fifty = await through(async ({ url, pid }) => {
      const layers = await findLayers(url);
      return costOf(pid, async () => {
        await Promise.all(Array.from({ length: CLIENTS }, (_, n) => drain(url, layers[n % layers.length] ?? '')));
      });
    });
    return {
      payloadBytes,
      pulled: comparePairs(pairsOf(atWork, 1)),
      pulledFirst: comparePairs(pairsOf(first, 1)),
      pulledUncoded: comparePairs(pairsOf(uncoded, 1)),
      pulledByCurl: comparePairs(pairsOf(byCurl, 1)),
      bare: comparePairs(pairsOf(atWork, 2)),
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

/** What each took in each round; another begins each time, since what one leaves to do meets the next. */
async function inTurns(count: number, works: readonly (() => Promise<Cost>)[]): Promise<Cost[][]> {
  const costs: Cost[][] = [];
  for (let round = 0; round < count; round += 1) {
    const ofRound: Cost[] = [];
    for (let turn = 0; turn < works.length; turn += 1) {
      const index = (round + turn) % works.length;
      const cost = await works[index]?.();
      if (cost !== undefined) ofRound[index] = cost;
    }
    costs.push(ofRound);
  }
  return costs;
}

/** Those of the first and of another. */
function pairsOf(costs: readonly (readonly Cost[])[], other: number): Pair[] {
  return costs.flatMap(({ 0: theirs, [other]: ours }) =>
    theirs === undefined || ours === undefined ? [] : [{ theirs, ours }],
  );
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

/** Fetches one after the other over one connection, and keeps nothing. */
async function curl(urls: readonly string[], creds: string): Promise<void> {
  const sinks = urls.flatMap(() => ['-o', '/dev/null']);
  const child = spawn('curl', ['--silent', '--fail', '--user', creds, ...sinks, ...urls], { stdio: 'ignore' });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`curl ended with ${code}`);
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
