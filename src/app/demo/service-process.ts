import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { childEnvironment } from '../../config/environment.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const MAIN = resolve(ROOT, 'src/cli/main.ts');
/** Ends the service when this process is gone: it holds the other end of the service's file descriptor 3. */
const LIFELINE = pathToFileURL(resolve(ROOT, 'bin/lifeline.js')).href;
const START_TIMEOUT_MS = 20_000;
/** How long a service may take to stop before it is killed: longer than it gives itself. */
const STOP_TIMEOUT_MS = 15_000;
/** What it said is told when it does not start; the rest of a long log is of no use then. */
const KEPT_CHARACTERS = 4_000;

/** The service, or an agent, as a process of its own, so that it can be killed like one. */
export type ServiceProcess = {
  readonly url: string;
  readonly pid: number;
  /** SIGKILL: nothing is said goodbye to. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it has ended. */
  stop(): Promise<void>;
};

export type ServiceProcessOptions = {
  readonly configPath: string;
  readonly dataPath: string;
  /** On loopback; 0, the default, takes a free one. */
  readonly port?: number;
  /** Gets each line of its log. */
  readonly onLog?: (line: Record<string, unknown>) => void;
  readonly signal?: AbortSignal;
};

export type AgentProcessOptions = Pick<ServiceProcessOptions, 'dataPath' | 'onLog' | 'signal'> & {
  readonly site: string;
  readonly serviceUrl: string;
  readonly token: Secret;
};

/** Starts `entrepot serve` and waits until it says where it listens. Throws `not_ready` with what it said instead. */
export async function startService(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { configPath, dataPath, port = 0 } = options;
  return start(
    'service',
    ['serve', '--config', configPath, '--data', dataPath, '--listen', `127.0.0.1:${port}`],
    options,
  );
}

/** Starts `entrepot agent`, on the same terms. */
export async function startAgent(options: AgentProcessOptions): Promise<ServiceProcess> {
  const { site, dataPath, serviceUrl, token } = options;
  const args = ['agent', '--site', site, '--data', dataPath, '--listen', '127.0.0.1:0'];
  return start('agent', args, { ...options, env: { ENTREPOT_URL: serviceUrl, ENTREPOT_TOKEN: token.reveal() } });
}

type StartOptions = Pick<ServiceProcessOptions, 'onLog' | 'signal'> & {
  readonly env?: Readonly<Record<string, string>>;
};

async function start(what: string, args: readonly string[], options: StartOptions): Promise<ServiceProcess> {
  options.signal?.throwIfAborted();
  const child = spawn(process.execPath, ['--import', LIFELINE, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: childEnvironment(options.env ?? {}),
  });
  child.stdio[3]?.on('error', () => {});
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    const url = await findListening(what, child, options);
    return { url, pid: child.pid ?? -1, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

function findListening(what: string, child: ChildProcess, { onLog, signal }: StartOptions): Promise<string> {
  return new Promise((resolveUrl, reject) => {
    let said = '';
    const timer = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS / 1_000} s`), START_TIMEOUT_MS);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (how: string) => {
      settle();
      reject(new Failure('not_ready', `the ${what} ${how}${said === '' ? '' : `: ${said.trim()}`}`));
    };
    const onAbort = () => {
      settle();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stderr?.on('data', (text) => {
      said = `${said}${text}`.slice(-KEPT_CHARACTERS);
    });
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = parseLine(line);
        if (event === undefined) return;
        onLog?.(event);
        if (event.event !== 'listening' || typeof event.url !== 'string') return;
        settle();
        resolveUrl(event.url);
      });
    }
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    // Not `exit`: what it said last may still be on its way.
    child.once('close', (code, by) => fail(`ended before it listened (${by ?? `exit status ${code}`})`));
  });
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
