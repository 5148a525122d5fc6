import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRegistryServer, type RegistryServer } from '../../api/v2/registry-server.ts';
import { openRegistryFolder, type RegistryFolder } from '../../depot/registry-folder/registry-folder.ts';
import { type DistanceShim, openDistanceShim } from './distance-shim.ts';
import type { Unsteadiness } from './token-bucket.ts';

/** How far away a registry is in the demo. One way; rates in bytes per second. */
export type Distance = {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** Slow now and then, for so many bytes each time. */
  readonly unsteady?: Unsteadiness;
  /** A connection is cut once after so many bytes, as borders do. */
  readonly resetAfterBytes?: number;
};

/**
 * Shaped after the story: home is near; Korea is the nearest and the fastest relay, but slow now and then, as Japan and
 * US-West are a little; Singapore is steady and of middling speed.
 */
export const DISTANCES = {
  'aliyun-beijing': { delayMs: 3, jitterMs: 0, bytesPerSecond: 60e6 },
  singapore: { delayMs: 30, jitterMs: 1, bytesPerSecond: 16e6 },
  korea: {
    delayMs: 15,
    jitterMs: 6,
    bytesPerSecond: 24e6,
    unsteady: { everyBytes: 4_900_000, slowBytes: 400_000, slowdown: 16 },
    resetAfterBytes: 30_000_000,
  },
  japan: {
    delayMs: 20,
    jitterMs: 3,
    bytesPerSecond: 18e6,
    unsteady: { everyBytes: 3_400_000, slowBytes: 700_000, slowdown: 8 },
  },
  'us-west': {
    delayMs: 45,
    jitterMs: 2,
    bytesPerSecond: 10e6,
    unsteady: { everyBytes: 2_400_000, slowBytes: 600_000, slowdown: 6 },
  },
} as const satisfies Record<string, Distance>;

export type DemoRegistryName = keyof typeof DISTANCES;

export type DemoWorld = {
  readonly originUrl: string;
  readonly origin: RegistryFolder;
  /** The registries without the distance before them: what a cluster next door would see. */
  directUrlOf(registry: string): string;
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

/** The relay that the configuration chooses for every image: by distance, as one does without measurements. */
export const DEFAULT_RELAY: DemoRegistryName = 'korea';

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
    const directUrls = new Map<string, string>();
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
    const directUrlOf = (registry: string) => directUrls.get(registry) ?? '';
    return { originUrl: originServer.url, origin, directUrlOf, urls, configPath, close: () => closeAll(open) };
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
