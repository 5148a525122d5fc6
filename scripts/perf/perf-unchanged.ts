import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestRegistry } from '../../test/support/registry.ts';
import { seedImage } from '../../test/support/seed-image.ts';
import { makeImage } from '../../test/support/test-image.ts';
import { AUTHORIZATION, ROOT, startListening } from './children.ts';

export type UnchangedFigures = {
  readonly releases: number;
  readonly registries: number;
  readonly sourcePerRelease: number;
  readonly worstTargetPerRelease: number;
  readonly perSecond: number;
};

/** Pushes releases, pushes all of them again, and counts what the second time cost in requests. */
export async function measureUnchanged(releases: number): Promise<UnchangedFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  await using source = await openTestRegistry();
  await using home = await openTestRegistry();
  await using relay = await openTestRegistry();
  const config = join(folder, 'regions.yaml');
  await writeFile(
    config,
    `registries:
  aliyun: { kind: oci, role: home, region: cn-beijing, url: "${home.url}" }
  singapore: { kind: oci, role: relay, region: ap-southeast-1, url: "${relay.url}" }
sources: { perf: { url: "${source.url}" } }
sites: { beijing: { service: true }, us-east: {} }
clusters: { us-east-prod: { site: us-east, pulls: choice } }
choices: { "*": singapore }
limits: { transfersPerRegistry: 16 }
`,
  );
  const names = Array.from({ length: releases }, (_, n) => `team/app${n % 10}:v${n}`);
  for (const [n, image] of names.entries()) {
    const [repository = '', tag] = image.split(':');
    await seedImage(source, repository, tag, makeImage({ layers: [{ size: 100, seed: `layer ${n % 20}` }], seed: n }));
  }
  const service = await startListening(
    [
      join(ROOT, 'bin/entrepot.js'),
      'serve',
      '--config',
      config,
      '--data',
      join(folder, 'data'),
      '--listen',
      '127.0.0.1:0',
    ],
    { ENTREPOT_LOG_LEVEL: 'info' },
  );
  try {
    await pushAll(service.url, names);
    for (const registry of [source, home, relay]) registry.forgetRequests();
    const beganAt = performance.now();
    const again = await pushAll(service.url, names);
    const seconds = (performance.now() - beganAt) / 1_000;
    const changed = again.filter((push) => !push.unchanged || push.state !== 'placed');
    if (changed.length > 0) throw new Error(`${changed.length} of ${releases} pushes did something`);
    // The watch of the registries' health asks each of them once a minute, whatever is pushed.
    const asked = (registry: typeof source) =>
      registry.requests.filter(({ path }) => path !== '/v2/').length / releases;
    return {
      releases,
      registries: 2,
      sourcePerRelease: asked(source),
      worstTargetPerRelease: Math.max(asked(home), asked(relay)),
      perSecond: releases / seconds,
    };
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Pushed = { readonly id: string; readonly unchanged: boolean; readonly state: string };

async function pushAll(url: string, names: readonly string[]): Promise<Pushed[]> {
  const pushed: Pushed[] = [];
  const queue = names.values();
  const work = async () => {
    for (const image of queue) {
      const answer = await fetch(`${url}/v1/pushes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...AUTHORIZATION },
        body: JSON.stringify({ image, source: `perf/${image}` }),
      });
      if (answer.status !== 202)
        throw new Error(`pushing ${image} was answered ${answer.status}: ${await answer.text()}`);
      const { id } = (await answer.json()) as Pushed;
      const push = (await (await fetch(`${url}/v1/pushes/${id}?wait=5m`, { headers: AUTHORIZATION })).json()) as Pushed;
      if (push.state !== 'placed') throw new Error(`${image} is ${push.state}`);
      pushed.push(push);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return pushed;
}
