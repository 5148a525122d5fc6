import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, startListening } from './children.ts';
import { makeSeededFolder } from './seeded-folder.ts';

export type StartFigures = {
  readonly releases: number;
  /** Seconds from starting the program to the first 200 of /readyz: with nothing compiled before, and the median of five starts after that. */
  readonly coldSeconds: number;
  readonly warmSeconds: number;
};

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
      const seconds = (performance.now() - startedAt) / 1_000;
      await service.stop();
      return seconds;
    };
    // The first start also brings the database's log in order.
    await start();
    await rm(env.NODE_COMPILE_CACHE, { recursive: true, force: true });
    const coldSeconds = await start();
    const warm: number[] = [];
    for (let n = 0; n < 5; n += 1) warm.push(await start());
    return { releases, coldSeconds, warmSeconds: warm.sort((a, b) => a - b)[2] ?? Number.NaN };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
