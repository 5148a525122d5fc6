import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeServiceConfig } from '../support/service-config.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { openWan, type Wan } from '../support/wan/open-wan.ts';
import type { WanHost } from '../support/wan/wan-world.ts';
import { WAN_WORLDS } from '../support/wan/wan-worlds.ts';
import { MAIN, type Program, REGISTRY, startOn } from './lab-programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ASK = join(ROOT, 'test/support/wan/ask-here.ts');

/** How long a registry has to fail at the site before it is passed over, and to be well before it is used again. */
export const FAILOVER_MS = 3_000;

/** The service at Beijing, registries at Aliyun, Singapore and Korea, and US-East with an agent of its own. */
export type AgentWorld = AsyncDisposable & {
  readonly wan: Wan;
  readonly folder: string;
  startRegistry(host: WanHost): Promise<Program>;
  startAgent(): Promise<Program>;
  /** What the cluster at US-East shows. */
  readonly clusterToken: string;
  /** Asks the service at Beijing as an administrator, or the agent at US-East as the cluster. */
  ask(from: 'beijing' | 'useast', path: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Asks the agent until it answers as of a moment later than this call; how long that took. */
  untilCurrent(path: string, patienceMs: number): Promise<{ afterMs: number; body: Record<string, unknown> }>;
};

export async function openAgentWorld(): Promise<AgentWorld> {
  const opened = new AsyncDisposableStack();
  const { path: folder } = opened.use(await openTempFolder('agent-wan'));
  const wan = opened.use(await openWan(WAN_WORLDS.day));

  const start = (host: WanHost, args: readonly string[], env: Record<string, string> = {}) =>
    startOn(wan, host, args, env);

  async function run(host: WanHost, args: readonly string[], timeoutMs = 30_000): Promise<Record<string, unknown>> {
    return JSON.parse(await wan.run(host, process.execPath, args, { timeoutMs }));
  }

  const startRegistry = async (host: WanHost) => {
    await mkdir(join(folder, host), { recursive: true });
    return start(host, [REGISTRY, join(folder, host), '0.0.0.0', '5000']);
  };
  for (const host of ['aliyun', 'korea'] as const) await startRegistry(host);
  const config = await writeServiceConfig(folder, {
    registries: {
      aliyun: { url: 'http://aliyun:5000' },
      singapore: { url: 'http://singapore:5000' },
      korea: { url: 'http://korea:5000' },
    },
    choose: 'singapore',
    more: {
      standby: { '*': ['korea'] },
      failover: { after: `${FAILOVER_MS}ms`, back: `${FAILOVER_MS}ms` },
    },
  });
  const serve = ['serve', '--config', config, '--data', join(folder, 'data'), '--listen', '0.0.0.0:8080'];
  const insecure = ['--allow-insecure-listen'];
  await start('beijing', [MAIN, ...serve, ...insecure], { ENTREPOT_ADMIN_TOKEN: TEST_TOKEN });
  const makeToken = async (wanted: Record<string, string>): Promise<string> => {
    const { body } = await run('beijing', [ASK, 'http://127.0.0.1:8080/v1/tokens', TEST_TOKEN, JSON.stringify(wanted)]);
    return String((body as { token: string }).token);
  };
  const agentToken = await makeToken({ name: 'agent', role: 'agent', site: 'us-east' });
  const clusterToken = await makeToken({ name: 'cluster', role: 'cluster', cluster: 'us-east-prod' });
  const agentAt = ['agent', '--site', 'us-east', '--data', join(folder, 'agent'), '--listen', '127.0.0.1:8081'];
  const places = {
    beijing: { url: 'http://127.0.0.1:8080', token: TEST_TOKEN },
    useast: { url: 'http://127.0.0.1:8081', token: clusterToken },
  };
  return {
    wan,
    folder,
    startRegistry,
    clusterToken,
    startAgent: () =>
      start('useast', [MAIN, ...agentAt], { ENTREPOT_URL: 'http://beijing:8080', ENTREPOT_TOKEN: agentToken }),
    async ask(from, path) {
      const { status, body } = await run(from, [ASK, `${places[from].url}${path}`, places[from].token]);
      return { status: Number(status), body: body as Record<string, unknown> };
    },
    async untilCurrent(path, patienceMs) {
      const { afterMs, body } = await run(
        'useast',
        [ASK, `${places.useast.url}${path}`, clusterToken, String(patienceMs)],
        60_000,
      );
      return { afterMs: Number(afterMs), body: body as Record<string, unknown> };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
