import { join } from 'node:path';
import { type DistanceShim, openDistanceShim } from '../../src/app/demo/distance-shim.ts';
import { findFreePort } from '../../test/support/free-port.ts';
import { openTestRegistry, type TestRegistry } from '../../test/support/registry.ts';
import type { ServiceApi } from '../../test/support/service-api.ts';
import { writeServiceConfig } from '../../test/support/service-config.ts';
import { type ServiceProcess, startServiceProcess } from '../../test/support/service-process.ts';
import { openTempFolder } from '../../test/support/temp-folder.ts';
import type { Ledger } from './ledger.ts';
import { INSPECTED, type MemoryWatch, openMemoryWatch } from './memory-watch.ts';
import { openLegCount } from './open-legs.ts';
import { openWitness, type Witness } from './witness.ts';

export const RELAYS = ['singapore', 'japan'] as const;
const NAMES = ['aliyun', ...RELAYS] as const;
/** Small, so that kills find transfers between chunks too. */
const CHUNK_BYTES = 256 * 1024;
const BYTES_PER_SECOND = 6_000_000;
/** Machines that run soaks are busy, and so are their disks; what a start waits for a processor is not counted. */
const STARTS_WITHIN_MS = 120_000;

/** A service between registries, each behind a link that can be reset, and the means to kill it. */
export type SoakWorld = AsyncDisposable & {
  readonly source: TestRegistry;
  readonly api: ServiceApi;
  readonly dataPath: string;
  readonly registries: Ledger['registries'];
  /** Asks the running service what it holds. */
  watchMemory(): Promise<MemoryWatch>;
  /** Kills the service without a word and starts it again on the same port and data. */
  killAndStart(): Promise<void>;
  /** Resets every connection to a registry. */
  resetLink(registry: string): void;
  /** What the last service has written, for when something went wrong. */
  lastLog(): string;
};

/** `env` goes to the service: a test puts a leak into it. */
export async function openSoakWorld(seed: number, env: Readonly<Record<string, string>> = {}): Promise<SoakWorld> {
  const folder = await openTempFolder('soak');
  const closers: (() => Promise<unknown>)[] = [() => folder.remove()];
  const source = await openTestRegistry();
  closers.push(() => source.close());
  const shims = new Map<string, DistanceShim>();
  const witnesses = new Map<string, Witness>();
  const registries: Record<string, Ledger['registries'][string]> = {};
  for (const name of NAMES) {
    const registryFolder = join(folder.path, name);
    const registry = await openTestRegistry({ folder: registryFolder });
    const shim = await openDistanceShim({
      target: registry,
      delayMs: 4,
      seed: seed + shims.size,
      bytesPerSecond: BYTES_PER_SECOND,
    });
    const witness = await openWitness(shim);
    closers.push(
      () => registry.close(),
      () => shim.close(),
      () => witness.close(),
    );
    shims.set(name, shim);
    witnesses.set(name, witness);
    registries[name] = {
      url: registry.url,
      address: witness.address,
      folder: registryFolder,
      get sessions() {
        return Object.fromEntries(witness.sessions);
      },
    };
  }
  const configPath = await writeServiceConfig(folder.path, {
    source,
    registries: Object.fromEntries([...witnesses].map(([name, { url }]) => [name, { url }])),
    choose: 'singapore',
    more: {
      limits: { chunkBytes: CHUNK_BYTES, stall: '5s' },
      // Every release goes where a new choice points, so that at rest only one answer is right.
      backfill: { releases: 100_000 },
      // What no push takes up again is to be gone when all has come to rest.
      retention: { uploads: '5s' },
    },
  });
  const dataPath = join(folder.path, 'data');
  const port = await findFreePort();
  const start = () =>
    startServiceProcess({
      configPath,
      dataPath,
      port,
      listensWithinMs: STARTS_WITHIN_MS,
      env: { ...INSPECTED, ...env },
    });
  let service: ServiceProcess = await start();
  closers.push(() => service.kill());
  return {
    source,
    api: service.api,
    async watchMemory() {
      const legs = openLegCount(dataPath);
      closers.push(async () => legs[Symbol.dispose]());
      return openMemoryWatch(service.pid, service.stderr, legs.count);
    },
    dataPath,
    registries,
    async killAndStart() {
      await service.kill();
      service = await start();
    },
    resetLink(registry) {
      shims.get(registry)?.cut();
      shims.get(registry)?.mend();
    },
    lastLog: () => `${service.stdout.split('\n').slice(-40).join('\n')}\n${service.stderr}`,
    async [Symbol.asyncDispose]() {
      for (const close of closers.reverse()) await close().catch(() => {});
    },
  };
}
