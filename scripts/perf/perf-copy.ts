import { spawn } from 'node:child_process';
import { randomBytes, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DigestHasher, digestOf } from '../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { openDockerRegistry } from '../../test/support/docker-registry.ts';
import { AUTHORIZATION, cpuSeconds, memoryOf, ROOT, startListening } from './children.ts';

export type CopyFigures = {
  readonly payloadBytes: number;
  readonly layers: number;
  readonly skopeo: { readonly wallSeconds: number; readonly cpuSeconds: number };
  readonly entrepot: {
    readonly wallSeconds: number;
    readonly cpuSeconds: number;
    readonly idleBytes: number;
    readonly peakBytes: number;
  };
  readonly wallRatio: number;
  readonly cpuRatio: number;
  readonly memoryOverIdleBytes: number;
};

export type CopyWork = {
  readonly layers: number;
  readonly layerBytes: number;
  readonly durable?: boolean;
  readonly rounds?: number;
  readonly withSkopeo?: boolean;
};

/**
 * Copies one image from one docker-registry to another on loopback, by skopeo and by the service in turns, each time
 * to an empty target and from an empty depot. Incompressible layers; medians over the rounds.
 */
export async function measureCopy(work: CopyWork): Promise<CopyFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  const rounds = work.rounds ?? 3;
  try {
    await using source = await openDockerRegistry({ folder: join(folder, 'source') });
    await putImage(source.url, work, folder);
    const skopeoRuns: { wallSeconds: number; cpuSeconds: number }[] = [];
    const ownRuns: CopyFigures['entrepot'][] = [];
    for (let round = 0; round < rounds; round += 1) {
      if (work.withSkopeo ?? true) skopeoRuns.push(await copyWithSkopeo(source.url, join(folder, `skopeo-${round}`)));
      ownRuns.push(await copyWithService(source.url, join(folder, `own-${round}`), work.durable ?? true));
    }
    const skopeo = medianBy(skopeoRuns, (run) => run.wallSeconds) ?? {
      wallSeconds: Number.NaN,
      cpuSeconds: Number.NaN,
    };
    const entrepot = medianBy(ownRuns, (run) => run.wallSeconds);
    if (entrepot === undefined) throw new Error('no round was measured');
    return {
      payloadBytes: work.layers * work.layerBytes,
      layers: work.layers,
      skopeo,
      entrepot,
      wallRatio: entrepot.wallSeconds / skopeo.wallSeconds,
      cpuRatio: entrepot.cpuSeconds / skopeo.cpuSeconds,
      memoryOverIdleBytes: Math.max(...ownRuns.map((run) => run.peakBytes - run.idleBytes)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function medianBy<T>(runs: T[], of: (run: T) => number): T | undefined {
  return runs.sort((a, b) => of(a) - of(b))[Math.floor(runs.length / 2)];
}

/** Uploads the image with plain requests, layer by layer from a file, so that no layer has to fit into memory. */
export async function putImage(
  url: string,
  work: Pick<CopyWork, 'layers' | 'layerBytes'>,
  folder: string,
): Promise<void> {
  const layers = [];
  for (let n = 0; n < work.layers; n += 1) {
    const path = join(folder, 'layer');
    const digest = await writeRandom(path, work.layerBytes);
    const started = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' });
    const location = new URL(started.headers.get('location') ?? '', url);
    const stored = await fetch(`${location}&digest=${digest}`, {
      method: 'PUT',
      body: createReadStream(path) as unknown as ReadableStream,
      duplex: 'half',
      headers: { 'content-type': 'application/octet-stream' },
    } as RequestInit);
    if (stored.status !== 201) throw new Error(`putting a layer was answered ${stored.status}`);
    layers.push({ mediaType: OCI_LAYER_GZIP, digest, size: work.layerBytes });
    await rm(path);
  }
  const config = new TextEncoder().encode(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
      id: randomBytes(8).toString('hex'),
    }),
  );
  const started = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' });
  await fetch(`${new URL(started.headers.get('location') ?? '', url)}&digest=${digestOf(config)}`, {
    method: 'PUT',
    body: config,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.byteLength },
    layers,
  };
  const put = await fetch(`${url}/v2/team/app/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': OCI_MANIFEST },
    body: JSON.stringify(manifest),
  });
  if (put.status !== 201) throw new Error(`putting the manifest was answered ${put.status}`);
}

export async function writeRandom(path: string, size: number): Promise<string> {
  const hasher = new DigestHasher('sha256');
  const file = await open(path, 'w');
  const piece = Buffer.alloc(8 * 1024 * 1024);
  for (let written = 0; written < size; ) {
    const part = piece.subarray(0, Math.min(piece.byteLength, size - written));
    randomFillSync(part);
    hasher.update(part);
    await file.write(part);
    written += part.byteLength;
  }
  await file.close();
  return hasher.finish();
}

async function copyWithSkopeo(sourceUrl: string, folder: string): Promise<{ wallSeconds: number; cpuSeconds: number }> {
  await using target = await openDockerRegistry({ folder });
  const host = (url: string) => new URL(url).host;
  const command = `skopeo copy --insecure-policy --quiet --all --src-tls-verify=false --dest-tls-verify=false docker://${host(sourceUrl)}/team/app:1 docker://${host(target.url)}/team/app:1; code=$?; times; exit $code`;
  const beganAt = performance.now();
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += bytes;
  });
  const [code] = await once(child, 'close');
  const wallSeconds = (performance.now() - beganAt) / 1_000;
  if (code !== 0) throw new Error(`skopeo ended with ${code}`);
  // `times` prints the shell's own times and then those of its children, user and system, as 0m1.23s.
  const childrenTimes = text.trim().split('\n').at(-1) ?? '';
  const cpu = [...childrenTimes.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  await rm(folder, { recursive: true, force: true });
  return { wallSeconds, cpuSeconds: cpu };
}

async function copyWithService(sourceUrl: string, folder: string, durable: boolean): Promise<CopyFigures['entrepot']> {
  await mkdir(folder);
  await using target = await openDockerRegistry({ folder: join(folder, 'registry') });
  const config = join(folder, 'regions.yaml');
  await writeFile(
    config,
    `registries:
  aliyun: { kind: oci, role: home, region: cn-beijing, url: "${target.url}" }
sources: { perf: { url: "${sourceUrl}" } }
sites: { beijing: { service: true } }
clusters: { cn-prod: { site: beijing, pulls: home } }
`,
  );
  const script = durable
    ? [join(ROOT, 'bin/entrepot.js'), 'serve']
    : [join(ROOT, 'scripts/perf/serve-without-sync.ts')];
  const service = await startListening([
    ...script,
    '--config',
    config,
    '--data',
    join(folder, 'data'),
    '--listen',
    '127.0.0.1:0',
  ]);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const idle = memoryOf(service.pid);
    const cpuBefore = cpuSeconds(service.pid);
    const beganAt = performance.now();
    const answer = await fetch(`${service.url}/v1/pushes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...AUTHORIZATION },
      body: JSON.stringify({ image: 'team/app:1', source: 'perf/team/app:1', referrers: false }),
    });
    const accepted = (await answer.json()) as { id: string };
    const push = (await (
      await fetch(`${service.url}/v1/pushes/${accepted.id}?wait=10m`, { headers: AUTHORIZATION })
    ).json()) as {
      state: string;
      transfers: unknown;
    };
    const wallSeconds = (performance.now() - beganAt) / 1_000;
    if (push.state !== 'placed') throw new Error(`the push is ${push.state}: ${JSON.stringify(push.transfers)}`);
    return {
      wallSeconds,
      cpuSeconds: cpuSeconds(service.pid) - cpuBefore,
      idleBytes: idle.rssBytes,
      peakBytes: memoryOf(service.pid).peakBytes,
    };
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
