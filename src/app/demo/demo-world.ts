import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRegistryServer, type RegistryServer } from '../../api/v2/registry-server.ts';
import { openRegistryFolder, type RegistryFolder } from '../../depot/registry-folder/registry-folder.ts';
import { type DistanceShim, openDistanceShim } from './distance-shim.ts';

/** How far away a registry is in the demo. One way; rates in bytes per second. */
export type Distance = {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** A connection is cut once after so many bytes, as borders do. */
  readonly resetAfterBytes?: number;
};

/** Shaped after the story: home is near, Singapore steady, Korea near but unsteady, Japan and US-West in between. */
export const DISTANCES = {
  'aliyun-beijing': { delayMs: 3, jitterMs: 0, bytesPerSecond: 60e6 },
  singapore: { delayMs: 45, jitterMs: 1, bytesPerSecond: 9e6, resetAfterBytes: 21_000_000 },
  korea: { delayMs: 25, jitterMs: 8, bytesPerSecond: 14e6, resetAfterBytes: 9_000_000 },
  japan: { delayMs: 30, jitterMs: 3, bytesPerSecond: 12e6 },
  'us-west': { delayMs: 80, jitterMs: 2, bytesPerSecond: 10e6 },
} as const satisfies Record<string, Distance>;

export type DemoRegistryName = keyof typeof DISTANCES;

export type DemoWorld = {
  readonly originUrl: string;
  readonly origin: RegistryFolder;
  /** The registries without the distance before them: what a cluster next door would see. */
  readonly directUrls: ReadonlyMap<DemoRegistryName, string>;
  readonly urls: Readonly<Record<string, string>>;
  readonly configPath: string;
  close(): Promise<void>;
};

const REGIONS: Record<DemoRegistryName, { region: string; role: 'home' | 'relay' }> = {
  'aliyun-beijing': { region: 'cn-beijing', role: 'home' },
  singapore: { region: 'ap-southeast-1', role: 'relay' },
  korea: { region: 'ap-northeast-2', role: 'relay' },
  japan: { region: 'ap-northeast-1', role: 'relay' },
  'us-west': { region: 'us-west-2', role: 'relay' },
};

/** The relay that the configuration chooses for every image. */
export const DEFAULT_RELAY: DemoRegistryName = 'singapore';

/** What a registry of the demo is there for. */
export function roleOf(name: string): 'origin' | 'home' | 'relay' | 'chosenRelay' {
  if (name === DEFAULT_RELAY) return 'chosenRelay';
  return Object.entries(REGIONS).find(([key]) => key === name)?.[1].role ?? 'origin';
}

/** Starts an origin, a home registry and four relays on free loopback ports, each but the origin behind its distance. */
export async function openDemoWorld(folder: string): Promise<DemoWorld> {
  const open: { close(): Promise<void> }[] = [];
  try {
    const origin = await openRegistryFolder({ folder: join(folder, 'origin'), durable: false });
    const originServer = await openRegistryServer({ storage: origin });
    open.push(origin, originServer);
    const shims = new Map<DemoRegistryName, DistanceShim>();
    const directUrls = new Map<DemoRegistryName, string>();
    for (const name of Object.keys(DISTANCES) as DemoRegistryName[]) {
      const storage = await openRegistryFolder({ folder: join(folder, name), durable: false });
      const server: RegistryServer = await openRegistryServer({ storage });
      const shim = await openDistanceShim({
        target: { host: server.host, port: server.port },
        seed: 7,
        ...DISTANCES[name],
      });
      open.push(storage, server, shim);
      shims.set(name, shim);
      directUrls.set(name, server.url);
    }
    const urls = Object.fromEntries([
      ['origin', originServer.url],
      ...[...shims].map(([name, shim]) => [name, shim.url] as const),
    ]);
    const configPath = join(folder, 'regions.yaml');
    await writeFile(configPath, renderConfig(urls));
    return { originUrl: originServer.url, origin, directUrls, urls, configPath, close: () => closeAll(open) };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

async function closeAll(open: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const each of [...open].reverse()) await each.close().catch(() => {});
}

function renderConfig(urls: Readonly<Record<string, string>>): string {
  const registries = Object.entries(REGIONS).map(
    ([name, { region, role }]) =>
      `  ${name}: { kind: oci, role: ${role}, region: ${region}, url: "${urls[name]}"${role === 'home' ? ', prefix: web3d' : ''} }`,
  );
  return [
    'registries:',
    ...registries,
    'sources:',
    `  harbor.bj: { url: "${urls.origin}" }`,
    'sites: { beijing: { service: true }, us-east: {} }',
    'clusters:',
    '  cn-prod: { site: beijing, pulls: home }',
    '  us-east-prod: { site: us-east, pulls: choice }',
    `choices: { "*": ${DEFAULT_RELAY} }`,
    'limits: { chunkBytes: 2MiB, stall: 10s }',
    '',
  ].join('\n');
}
