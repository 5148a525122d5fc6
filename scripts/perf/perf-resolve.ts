import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUTHORIZATION, ROOT, startListening } from './children.ts';
import { makeSeededFolder } from './seeded-folder.ts';

export type Load = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
};
export type ResolveFigures = {
  readonly releases: number;
  readonly bare: Load;
  readonly resolve: Load;
  readonly share: number;
  readonly p99Ratio: number;
};

const CONFIG = `registries:
  aliyun: { kind: oci, role: home, region: cn-beijing, url: "http://127.0.0.1:9" }
  singapore: { kind: oci, role: relay, region: ap-southeast-1, url: "http://127.0.0.1:9" }
sites: { beijing: { service: true }, us-east: {} }
clusters: { us-east-prod: { site: us-east, pulls: choice } }
choices: { "*": singapore }
`;

/** Requests per second of resolve, over so many releases, beside those of a handler that does nothing, in turns. */
export async function measureResolve(releases: number, seconds = 4): Promise<ResolveFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  try {
    const { dataPath, configPath } = await makeSeededFolder(folder, { releases, config: CONFIG });
    const paths = join(folder, 'paths');
    const images = Array.from({ length: 10_000 }, () => Math.floor(Math.random() * releases));
    await writeFile(
      paths,
      images.map((n) => `/v1/resolve?image=team/app${n % 1_000}:v${n}&cluster=us-east-prod`).join('\n'),
    );
    const bare = await startListening([join(ROOT, 'scripts/perf/bare-hono.ts')]);
    const service = await startListening([
      join(ROOT, 'bin/entrepot.js'),
      'serve',
      '--config',
      configPath,
      '--data',
      dataPath,
      '--listen',
      '127.0.0.1:0',
    ]);
    try {
      const token = await clusterToken(service.url);
      const rounds: { bare: Load; resolve: Load }[] = [];
      for (let round = 0; round < 3; round += 1)
        rounds.push({
          bare: await load(bare.url, paths, seconds, token),
          resolve: await load(service.url, paths, seconds, token),
        });
      rounds.sort((a, b) => a.resolve.perSecond / a.bare.perSecond - b.resolve.perSecond / b.bare.perSecond);
      const median = rounds[1];
      if (median === undefined) throw new Error('no round was measured');
      return {
        releases,
        ...median,
        share: median.resolve.perSecond / median.bare.perSecond,
        p99Ratio: median.resolve.p99Ms / median.bare.p99Ms,
      };
    } finally {
      await Promise.all([bare.stop(), service.stop()]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A token as a cluster has it, so that every answer is one to a caller who may ask that and nothing else. */
async function clusterToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...AUTHORIZATION },
    body: JSON.stringify({ name: 'perf', role: 'cluster', cluster: 'us-east-prod', images: ['team/*'] }),
  });
  if (answer.status !== 201) throw new Error(`a token was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}

async function load(url: string, paths: string, seconds: number, token: string): Promise<Load> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/perf/load.ts'), url, '32', String(seconds), paths], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PERF_TOKEN: token },
  });
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += bytes;
  });
  await once(child, 'close');
  const figures = JSON.parse(text) as Load;
  if (figures.failed > 0) throw new Error(`${figures.failed} requests to ${url} were not answered 200`);
  return figures;
}
