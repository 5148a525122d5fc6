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
 * US-West are, too; Singapore is steady and of middling speed. A slow stretch strikes about a third of the samples, so
 * that it shows in the slowest of six and not at their median, and costs more than a busy machine does.
 */
export const DISTANCES = {
  'aliyun-beijing': { delayMs: 3, jitterMs: 0, bytesPerSecond: 60e6 },
  singapore: { delayMs: 30, jitterMs: 1, bytesPerSecond: 16e6 },
  korea: {
    delayMs: 15,
    jitterMs: 6,
    bytesPerSecond: 24e6,
    unsteady: { everyBytes: 10_500_000, slowBytes: 800_000, slowdown: 24 },
    resetAfterBytes: 30_000_000,
  },
  japan: {
    delayMs: 20,
    jitterMs: 3,
    bytesPerSecond: 18e6,
    unsteady: { everyBytes: 9_500_000, slowBytes: 900_000, slowdown: 18 },
  },
  'us-west': {
    delayMs: 45,
    jitterMs: 2,
    bytesPerSecond: 10e6,
    unsteady: { everyBytes: 9_600_000, slowBytes: 800_000, slowdown: 10 },
  },
} as const satisfies Record<string, Distance>;

/** The way on: from the relays to the clusters at us-east. */
export const ONWARD_DISTANCES = {
  singapore: { delayMs: 30, jitterMs: 1, bytesPerSecond: 24e6 },
  korea: { delayMs: 27, jitterMs: 1, bytesPerSecond: 24e6 },
  japan: { delayMs: 24, jitterMs: 1, bytesPerSecond: 24e6 },
  'us-west': { delayMs: 12, jitterMs: 1, bytesPerSecond: 24e6 },
} as const satisfies Partial<Record<keyof typeof DISTANCES, Distance>>;

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

/** Where the clusters are that pull over the border. */
export const FAR_SITE = 'us-east';

/** The relay that the configuration chooses for every image: by distance, as one does without measurements. */
export const DEFAULT_RELAY: DemoRegistryName = 'korea';

/** What a registry of the demo is there for. */
export function roleOf(name: string): 'origin' | 'home' | 'relay' | 'chosenRelay' {
  if (name === DEFAULT_RELAY) return 'chosenRelay';
  return Object.entries(REGIONS).find(([key]) => key === name)?.[1].role ?? 'origin';
}

/**
 * Starts an origin, a home registry and four relays on free loopback ports, each but the origin behind its distance; a
 * relay has a second address, with the distance from us-east before it.
 */
export async function openDemoWorld(folder: string): Promise<DemoWorld> {
  const open: { close(): Promise<void> }[] = [];
  try {
    const origin = await openRegistryFolder({ folder: join(folder, 'origin'), durable: false });
    const originServer = await openRegistryServer({ storage: origin });
    open.push(origin, originServer);
    const shims = new Map<DemoRegistryName, DistanceShim>();
    const directUrls = new Map<string, string>();
    const addresses = new Map<string, string>();
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
      const onward = Object.entries(ONWARD_DISTANCES).find(([relay]) => relay === name)?.[1];
      if (onward !== undefined) {
        const far = await openDistanceShim({ target: { host: server.host, port: server.port }, seed: 8, ...onward });
        open.push(far);
        addresses.set(name, far.url);
      }
      directUrls.set(name, server.url);
    }
    const urls = Object.fromEntries([
      ['origin', originServer.url],
      ...[...shims].map(([name, shim]) => [name, shim.url] as const),
    ]);
    const configPath = join(folder, 'regions.yaml');
    await writeFile(configPath, renderConfig(urls, addresses));
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

function renderConfig(urls: Readonly<Record<string, string>>, addresses: ReadonlyMap<string, string>): string {
  const registries = Object.entries(REGIONS).map(([name, { region, role }]) => {
    const address = addresses.get(name);
    const more = `${role === 'home' ? ', prefix: web3d' : ''}${address === undefined ? '' : `, addresses: { ${FAR_SITE}: "${address}" }`}`;
    return `  ${name}: { kind: oci, role: ${role}, region: ${region}, url: "${urls[name]}"${more} }`;
  });
  return [
    'registries:',
    ...registries,
    'sources:',
    `  harbor.bj: { url: "${urls.origin}" }`,
    `sites: { beijing: { service: true }, ${FAR_SITE}: {} }`,
    'clusters:',
    '  cn-prod: { site: beijing, pulls: home }',
    `  us-east-prod: { site: ${FAR_SITE}, pulls: choice }`,
    `choices: { "*": ${DEFAULT_RELAY} }`,
    'limits: { chunkBytes: 2MiB, stall: 10s }',
    '',
  ].join('\n');
}
