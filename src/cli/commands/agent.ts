import type { ListenAddress } from '../../config/listen-address.ts';
import { loadRunAgent } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';

export type AgentCommandOptions = {
  readonly site: string;
  readonly name?: string;
  readonly config?: string;
  readonly data?: string;
  readonly listen?: ListenAddress;
  readonly pidFile?: string;
  readonly allowInsecureListen?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
};

// Beside a service with its defaults on the same machine, and found by nobody else.
const DEFAULTS = { data: 'agent-data', listen: { host: '127.0.0.1', port: 8081 } };

export async function runAgentCommand(
  { environment, service, texts }: CliContext,
  options: AgentCommandOptions,
): Promise<number> {
  const runAgent = await loadRunAgent(texts);
  const config = options.config ?? environment.configPath;
  return runAgent({
    site: options.site,
    name: options.name ?? options.site,
    ...(config === undefined ? {} : { config }),
    data: options.data ?? environment.dataPath ?? DEFAULTS.data,
    listen: options.listen ?? environment.listen ?? DEFAULTS.listen,
    ...(options.pidFile === undefined ? {} : { pidFile: options.pidFile }),
    tls: {
      ...(options.tlsCert === undefined ? {} : { cert: options.tlsCert }),
      ...(options.tlsKey === undefined ? {} : { key: options.tlsKey }),
    },
    allowInsecureListen: options.allowInsecureListen ?? false,
    serviceUrl: service.url,
    token: service.token,
  });
}
