import type { ListenAddress } from '../../config/listen-address.ts';
import { loadRunService } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';

export type ServeCommandOptions = {
  readonly config?: string;
  readonly data?: string;
  readonly listen?: ListenAddress;
  readonly pidFile?: string;
  /** Milliseconds. */
  readonly takeover?: number;
  readonly allowInsecureListen?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
};

// Below these the service is found by the command line's own default address, and by nobody else.
const DEFAULTS = { config: 'config/regions.yaml', data: 'data', listen: { host: '127.0.0.1', port: 8080 } };

export async function runServe({ environment, texts }: CliContext, options: ServeCommandOptions): Promise<number> {
  const runService = await loadRunService(texts);
  return runService({
    config: options.config ?? environment.configPath ?? DEFAULTS.config,
    data: options.data ?? environment.dataPath ?? DEFAULTS.data,
    listen: options.listen ?? environment.listen ?? DEFAULTS.listen,
    ...(options.pidFile === undefined ? {} : { pidFile: options.pidFile }),
    takeoverMs: options.takeover ?? 0,
    tls: {
      ...(options.tlsCert === undefined ? {} : { cert: options.tlsCert }),
      ...(options.tlsKey === undefined ? {} : { key: options.tlsKey }),
    },
    allowInsecureListen: options.allowInsecureListen ?? false,
  });
}
