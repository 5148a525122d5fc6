import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDockerRegistry } from '../../test/support/docker-registry.ts';
import { AUTHORIZATION, memoryOf, ROOT, startListening } from './children.ts';

export type CampaignFigures = {
  readonly rounds: number;
  readonly samples: number;
  /** Peaks of the service's resident memory over what it was before: in all rounds, in the first two and in the last two. */
  readonly overIdleBytes: number;
  readonly firstOverIdleBytes: number;
  readonly lastOverIdleBytes: number;
};

const REGISTRIES = ['singapore', 'korea', 'japan', 'us-west'];
const PAYLOADS = [1_000_000, 16_000_000];
const COMPARED_ROUNDS = 2;

/** Measures uploads to four docker-registries for so many rounds, of the sizes that are usual. */
export async function measureCampaign(rounds: number): Promise<CampaignFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  const open = new AsyncDisposableStack();
  try {
    const urls: string[] = [];
    for (const name of REGISTRIES)
      urls.push(open.use(await openDockerRegistry({ folder: join(folder, name), deletes: true })).url);
    const config = join(folder, 'regions.yaml');
    await writeFile(config, formatConfig(urls));
    const serve = [join(ROOT, 'bin/entrepot.js'), 'serve', '--config', config, '--data', join(folder, 'data')];
    const service = await startListening([...serve, '--listen', '127.0.0.1:0']);
    open.defer(() => service.stop());
    // What a start leaves to do is not what is measured.
    await sleep(3_000);
    const idleBytes = memoryOf(service.pid).rssBytes;
    const ask = async (path: string, body?: unknown) => {
      const headers = { ...AUTHORIZATION, 'content-type': 'application/json' };
      const answer = await fetch(
        `${service.url}${path}`,
        body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) },
      );
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as { id: string; state: string; roundsDone: number; samples: number };
    };
    const { id } = await ask('/v1/benchmarks', { rounds, payloads: PAYLOADS, idle: '200ms' });
    let [samples, highest, first, last] = [0, 0, 0, 0];
    for (let done = 0; done < rounds; await sleep(50)) {
      const benchmark = await ask(`/v1/benchmarks/${id}`);
      if (benchmark.state === 'stopped') throw new Error('the benchmark was stopped');
      const { rssBytes } = memoryOf(service.pid);
      highest = Math.max(highest, rssBytes);
      if (done < COMPARED_ROUNDS) first = Math.max(first, rssBytes);
      if (done >= rounds - COMPARED_ROUNDS) last = Math.max(last, rssBytes);
      done = benchmark.roundsDone;
      samples = benchmark.samples;
    }
    return {
      ...{ rounds, samples },
      overIdleBytes: highest - idleBytes,
      firstOverIdleBytes: first - idleBytes,
      lastOverIdleBytes: last - idleBytes,
    };
  } finally {
    await open.disposeAsync();
    await rm(folder, { recursive: true, force: true });
  }
}

function formatConfig(urls: readonly string[]): string {
  const entries = REGISTRIES.map(
    (name, n) => `  ${name}: { kind: oci, role: relay, region: ${name}, url: "${urls[n]}" }`,
  );
  return `registries:
${entries.join('\n')}
sites: { beijing: { service: true } }
`;
}
