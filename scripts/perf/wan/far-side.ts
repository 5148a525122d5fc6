import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { hasProgram } from '../../../test/support/wan/can-run-wan.ts';
import type { Wan } from '../../../test/support/wan/open-wan.ts';
import type { WanHost } from '../../../test/support/wan/wan-world.ts';
import type { FarSideKind } from './wan-rows.ts';

const run = promisify(execFile);
const DISTRIBUTION = 'github.com/distribution/distribution/v3/cmd/registry@v3.1.1';
const PORT = 5_000;

export type FarSide = { readonly address: string; stop(): Promise<void> };

/** Programs that can be the far side, and the words for those that cannot. */
export type FarSides = {
  readonly names: Readonly<Record<FarSideKind, string>>;
  /** Why a kind cannot be had; undefined when it can. */
  findProblem(kind: FarSideKind): string | undefined;
  start(kind: FarSideKind, wan: Wan, host: WanHost, folder: string): Promise<FarSide>;
};

/** `needed` says which kinds will be asked for: distribution is compiled only for them, into `folder`. */
export async function prepareFarSides(needed: ReadonlySet<FarSideKind>, folder: string): Promise<FarSides> {
  const problems = new Map<FarSideKind, string>();
  if (!hasProgram('docker-registry')) problems.set('docker-registry', 'docker-registry (2.8) is not installed');
  if (needed.has('distribution')) {
    const problem = await installDistribution(folder);
    if (problem !== undefined) problems.set('distribution', problem);
  }
  const commands: Record<FarSideKind, (config: string, data: string) => [string, string[]]> = {
    'docker-registry': (config) => ['docker-registry', ['serve', config]],
    distribution: (config) => [join(folder, 'registry'), ['serve', config]],
    own: (_, data) => [
      process.execPath,
      [resolve(import.meta.dirname, 'own-registry.ts'), data, '0.0.0.0', String(PORT)],
    ],
  };
  return {
    names: { 'docker-registry': 'docker-registry 2.8', own: 'entrepot', distribution: 'distribution 3.1.1' },
    findProblem: (kind) => problems.get(kind),
    async start(kind, wan, host, farFolder) {
      const data = join(farFolder, 'data');
      await mkdir(data, { recursive: true });
      const config = join(farFolder, 'config.yml');
      await writeFile(config, formatConfig(data));
      const [program, args] = commands[kind](config, data);
      const child = wan.spawn(host, program, args, {
        stdio: 'ignore',
        env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
      });
      await untilItAnswers(wan, host, child);
      return { address: `${host}:${PORT}`, stop: () => stopChild(child) };
    },
  };
}

/** Ends a process at once and waits until it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function installDistribution(folder: string): Promise<string | undefined> {
  if (!hasProgram('go')) return 'Go is not installed, which distribution 3 is compiled with';
  try {
    await run('go', ['install', DISTRIBUTION], { env: { ...process.env, GOBIN: folder }, timeout: 600_000 });
    return undefined;
  } catch (error) {
    return `distribution 3 could not be compiled: ${String(error).slice(0, 300)}`;
  }
}

/** What both versions of distribution's registry understand; JSON is YAML, and quotes every path. */
function formatConfig(data: string): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: `:${PORT}`, secret: 'for measurements only' },
  });
}

const ASK = `
  const endAt = Date.now() + 15_000;
  for (;;) {
    const ok = await fetch('http://127.0.0.1:${PORT}/v2/').then((answer) => answer.ok, () => false);
    if (ok) break;
    if (Date.now() > endAt) process.exit(1);
    await new Promise((done) => setTimeout(done, 50));
  }`;

async function untilItAnswers(wan: Wan, host: WanHost, child: ChildProcess): Promise<void> {
  try {
    await wan.run(host, process.execPath, ['--input-type=module', '-e', ASK]);
  } catch (error) {
    await stopChild(child);
    throw new Error(`the registry on ${host} did not answer`, { cause: error });
  }
}
