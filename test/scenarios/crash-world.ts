import { type DistanceShim, openDistanceShim } from '../../src/app/demo/distance-shim.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { type ServiceProcess, type ServiceProcessOptions, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import type { TestImage } from '../support/test-image.ts';

export const CHUNK_BYTES = 512 * 1024;

export type CrashWorldOptions = {
  readonly image: TestImage;
  readonly bytesPerSecond?: number;
  readonly limits?: Readonly<Record<string, unknown>>;
};

/** A source with `team/app:1`, a home registry and a relay behind distances, and a service that can be killed. */
export type CrashWorld = AsyncDisposable & {
  readonly source: TestRegistry;
  readonly targets: Readonly<Record<'aliyun' | 'singapore', TestRegistry>>;
  readonly shims: readonly DistanceShim[];
  readonly configPath: string;
  readonly dataPath: string;
  readonly folder: string;
  /** A process on the data folder; all are killed at the end. */
  start(more?: Partial<ServiceProcessOptions>): Promise<ServiceProcess>;
};

export async function openCrashWorld({ image, bytesPerSecond, limits = {} }: CrashWorldOptions): Promise<CrashWorld> {
  const folder = await openTempFolder('crash');
  const [source, aliyun, singapore] = [await openTestRegistry(), await openTestRegistry(), await openTestRegistry()];
  await seedImage(source, 'team/app', '1', image);
  const shims: DistanceShim[] = [];
  const distant = async ({ host, port }: TestRegistry) => {
    const rate = bytesPerSecond === undefined ? {} : { bytesPerSecond };
    const shim = await openDistanceShim({ target: { host, port }, delayMs: 1, seed: 1, ...rate });
    shims.push(shim);
    return { url: shim.url };
  };
  const configPath = await writeServiceConfig(folder.path, {
    source,
    registries: { aliyun: await distant(aliyun), singapore: await distant(singapore) },
    choose: 'singapore',
    more: { limits: { chunkBytes: CHUNK_BYTES, stall: '5s', ...limits } },
  });
  const dataPath = `${folder.path}/data`;
  const services: ServiceProcess[] = [];
  return {
    source,
    targets: { aliyun, singapore },
    shims,
    configPath,
    dataPath,
    folder: folder.path,
    async start(more = {}) {
      const service = await startServiceProcess({ configPath, dataPath, ...more });
      services.push(service);
      return service;
    },
    async [Symbol.asyncDispose]() {
      for (const service of services) await service.kill();
      for (const shim of shims) await shim.close();
      for (const registry of [source, aliyun, singapore]) await registry.close();
      await folder.remove();
    },
  };
}
