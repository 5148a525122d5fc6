import { listenHttp } from '../../src/api/serve.ts';
import { openService } from '../../src/app/open-service.ts';
import { parseConfig } from '../../src/config/load-config.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import type { Log, LogFacts } from '../../src/telemetry/log.ts';
import { ServiceApi } from './service-api.ts';
import { renderServiceConfig, type ServiceConfig } from './service-config.ts';
import { openTempFolder } from './temp-folder.ts';
import { TEST_TOKEN } from './test-token.ts';

export type TestServiceOptions = ServiceConfig & {
  readonly clock?: Clock;
  /** Keep the data here instead of in a temporary folder, and leave it there. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
};

export type LoggedFacts = LogFacts & { readonly level: keyof Log };

/** The whole service inside the test's process, on a free port. */
export type TestService = AsyncDisposable & {
  readonly api: ServiceApi;
  readonly folder: string;
  readonly logged: readonly LoggedFacts[];
  /** Stops it as a signal would. */
  stop(): Promise<void>;
};

export async function openTestService(options: TestServiceOptions): Promise<TestService> {
  const tempFolder = options.folder === undefined ? await openTempFolder('service') : undefined;
  const folder = options.folder ?? tempFolder?.path ?? '';
  const logged: LoggedFacts[] = [];
  const note = (level: keyof Log) => (facts: LogFacts) => logged.push({ level, ...facts });
  const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const { env = {}, clock } = options;
  const service = await openService({
    world: parseConfig(renderServiceConfig(options), '/test/regions.yaml'),
    folder,
    environment: {
      adminToken: new Secret(TEST_TOKEN),
      findVariable: (name) => (env[name] === undefined ? undefined : new Secret(env[name])),
    },
    log,
    version: '0.0.0-test',
    durableDepot: false,
    idleProbeMs: 120,
    ...(clock === undefined ? {} : { clock }),
  });
  const listener = await listenHttp({ app: service.app, shortcut: service.shortcut, host: '127.0.0.1', port: 0, log });
  await service.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= listener.close(500).then(() => service.close());
    return stopped;
  };
  return {
    api: new ServiceApi(listener.url),
    folder,
    logged,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await tempFolder?.remove();
      const defects = logged.filter(({ event }) => event === 'defect' || event === 'listener failed');
      if (defects.length > 0) throw new Error(`the service met defects: ${JSON.stringify(defects)}`);
    },
  };
}
