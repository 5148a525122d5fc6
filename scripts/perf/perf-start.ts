import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../src/bench/statistics/quantile.ts';
import { AUTHORIZATION, cpuSeconds, ROOT, startListening } from './children.ts';
import { makeSeededFolder } from './seeded-folder.ts';

export type StartFigures = {
  readonly releases: number;
  /** With nothing compiled before, and with everything. */
  readonly cold: Start;
  readonly warm: Start;
};

/** Medians of five starts, each from starting the program to the first 200 of /readyz. */
type Start = {
  readonly seconds: number;
  /** Of the service's process: what a busy machine changes least. */
  readonly cpuSeconds: number;
  /** What the very first request takes after that, for an image that nobody has asked for yet. */
  readonly firstResolveMs: number;
};

const RUNS = 5;

function medians(starts: readonly Start[]): Start {
  const of = (figure: keyof Start) => median(starts.map((start) => start[figure]));
  return { seconds: of('seconds'), cpuSeconds: of('cpuSeconds'), firstResolveMs: of('firstResolveMs') };
}

const CONFIG = `registries:
  aliyun: { kind: oci, role: home, region: cn-beijing, url: "http://127.0.0.1:9" }
  singapore: { kind: ecr, role: relay, region: ap-southeast-1, url: "https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com", enabled: false }
sites: { beijing: { service: true }, us-east: {} }
clusters: { us-east-prod: { site: us-east, pulls: choice } }
`;

/** How long the service takes to start over so many releases. */
export async function measureStart(releases: number): Promise<StartFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  try {
    const { dataPath, configPath } = await makeSeededFolder(folder, { releases, config: CONFIG });
    const args = ['serve', '--config', configPath, '--data', dataPath, '--listen', '127.0.0.1:0'];
    const env = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const start = async () => {
      const startedAt = performance.now();
      const service = await startListening([join(ROOT, 'bin/entrepot.js'), ...args], env);
      while (!(await fetch(`${service.url}/readyz`)).ok);
      const readyAt = performance.now();
      const used = cpuSeconds(service.pid);
      const image = encodeURIComponent(`team/app${releases % 1_000}:v${releases % 1_000}`);
      const url = `${service.url}/v1/resolve?image=${image}&cluster=us-east-prod`;
      await (await fetch(url, { headers: AUTHORIZATION })).bytes();
      const firstResolveMs = performance.now() - readyAt;
      await service.stop();
      return { seconds: (readyAt - startedAt) / 1_000, cpuSeconds: used, firstResolveMs };
    };
    // The first start also brings the database's log in order.
    await start();
    const cold: Start[] = [];
    for (let n = 0; n < RUNS; n += 1) {
      await rm(env.NODE_COMPILE_CACHE, { recursive: true, force: true });
      cold.push(await start());
    }
    const warm: Start[] = [];
    for (let n = 0; n < RUNS; n += 1) warm.push(await start());
    return { releases, cold: medians(cold), warm: medians(warm) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
