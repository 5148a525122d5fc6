import { localTimes } from '../bench/recommend/local-time.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Connection } from '../net/connection.ts';
import { EcrAccounts } from '../providers/ecr/ecr-accounts.ts';
import {
  openRegistryProvider,
  type ProviderDependencies,
  type RegistryProvider,
} from '../providers/registry-provider.ts';
import { bandwidthAt } from '../regions/bandwidth.ts';
import { findSource } from '../regions/find-source.ts';
import type { RegistryEntry, SecretReference, SourceEntry, World } from '../regions/world.ts';
import type { CopyTarget } from '../sync/copy/copy-target.ts';
import { Slots } from '../sync/copy/slots.ts';
import type { RegistryDirectory } from '../sync/push/registry-directory.ts';
import type { Log } from '../telemetry/log.ts';
import { RegistryPath } from './registry-path.ts';

export type OpenedDirectory = RegistryDirectory & { close(): Promise<void> };

export type DirectoryOptions = {
  readonly world: World;
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how each request for a token of a registry or source, by its name, ended. */
  readonly onToken?: (name: string, outcome: 'issued' | 'refused') => void;
  /** Told of each connection to a registry once it is ready. */
  readonly onConnected?: (registry: string, connection: Connection) => void;
};

/** So many hosts that callers named by patterns of sources have a client; beyond, the longest unused gives way. */
const MAX_MATCHED_SOURCES = 1_000;

/** A client for each registry and source, made when it is first asked for. */
export function openDirectory(options: DirectoryOptions): OpenedDirectory {
  const { world, log } = options;
  const ecrAccounts = new EcrAccounts(options.clock);
  const opened = new Map<string, RegistryProvider>();
  const paths: RegistryPath[] = [];
  const localTime = localTimes(world.recommendation.timeZone);
  const targets = new Map<string, CopyTarget>();
  /** Those of hosts that a pattern matched, the longest unused first. */
  const matched = new Set<string>();

  const provider = (
    key: string,
    entry: RegistryEntry | SourceEntry,
    more: Pick<ProviderDependencies, 'onConnected' | 'watchHttp' | 'bytesPerSecond'> = {},
  ): RegistryProvider => {
    const known = opened.get(key);
    if (known !== undefined) return known;
    const made = openRegistryProvider(entry, {
      readSecret: options.readSecret,
      clock: options.clock,
      ecrAccounts,
      stallMs: world.limits.stallMs,
      leastStallMs: world.limits.leastStallMs,
      blobConnections: Math.max(world.limits.blobsPerRegistry * 2, world.limits.connectionsPerSource),
      ...more,
      onToken: (outcome) => options.onToken?.(configuredName(entry), outcome),
      onWarning: (text) => log.warn({ event: 'registry warning', registry: key, warning: text }),
    });
    opened.set(key, made);
    return made;
  };

  /**
   * Nobody can name hosts until there is room for no other's. The client that gives way is not closed: a leg that has it
   * goes on, and its idle connections end by themselves.
   */
  const keepMatched = (name: string): void => {
    matched.delete(name);
    matched.add(name);
    const [oldest] = matched;
    if (matched.size <= MAX_MATCHED_SOURCES || oldest === undefined) return;
    matched.delete(oldest);
    opened.delete(oldest);
  };

  /** A target whose blobs in flight follow from how far away it is, as its latest connection found. */
  const openTarget = (entry: RegistryEntry): CopyTarget => {
    const { origin } = new URL(entry.url);
    const { limits } = world;
    const slots = new Slots(limits.blobsPerRegistry);
    const path = new RegistryPath(origin, slots, limits.blobsPerRegistry);
    paths.push(path);
    const { client, ensureRepository, findBlobs, findManifests, mounts, partBytes } = provider(
      `registry ${entry.name}`,
      entry,
      {
        onConnected: (connection) => {
          path.connected(connection);
          options.onConnected?.(entry.name, connection);
        },
        watchHttp: (http) => path.watch(http),
        ...(entry.bandwidth === undefined
          ? {}
          : { bytesPerSecond: () => bandwidthAt(entry.bandwidth, localTime(options.clock.nowMs()).hour) }),
      },
    );
    return {
      name: entry.name,
      client,
      ensureRepository,
      ...(findBlobs === undefined ? {} : { findBlobs }),
      ...(findManifests === undefined ? {} : { findManifests }),
      ...(mounts === undefined ? {} : { mounts }),
      slots,
      crossing: new Map(),
      get congestionControl() {
        return path.congestionControl;
      },
      get chunkBytes() {
        const wanted = path.isLongPath ? limits.longPathChunkBytes : limits.chunkBytes;
        return Math.min(Math.max(wanted, partBytes?.least ?? 0), partBytes?.most ?? Number.POSITIVE_INFINITY);
      },
    };
  };

  return {
    registry(name) {
      const entry = world.registries.find((each) => each.name === name);
      if (entry === undefined) return undefined;
      const target = targets.get(name) ?? openTarget(entry);
      targets.set(name, target);
      return { entry, target };
    },
    source(key) {
      const entry = findSource(world.sources, key);
      if (entry === undefined) return undefined;
      const name = `source ${entry.matched === true ? entry.url : key}`;
      const { client } = provider(name, entry);
      if (entry.matched === true) keepMatched(name);
      return { entry, client };
    },
    async close() {
      await Promise.allSettled([...opened.values()].map((each) => each.close()));
      for (const path of paths) path.close();
      ecrAccounts.close();
    },
  };
}

/** What the configuration calls it: the hosts of a pattern are too many to be told apart in figures. */
function configuredName(entry: RegistryEntry | SourceEntry): string {
  return 'name' in entry ? entry.name : (entry.pattern ?? entry.key);
}
