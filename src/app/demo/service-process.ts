import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Failure } from '../../kernel/failure.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const MAIN = resolve(ROOT, 'src/cli/main.ts');
/** Ends the service when this process is gone: it holds the other end of the service's file descriptor 3. */
const LIFELINE = pathToFileURL(resolve(ROOT, 'bin/lifeline.js')).href;
const START_TIMEOUT_MS = 20_000;
/** How long a service may take to stop before it is killed: longer than it gives itself. */
const STOP_TIMEOUT_MS = 15_000;
/** What it said is told when it does not start; the rest of a long log is of no use then. */
const KEPT_CHARACTERS = 4_000;

/** The service as a process of its own, so that it can be killed like one. */
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

/** Starts `entrepot serve` and waits until it says where it listens. Throws `not_ready` with what it said instead. */
export async function startService(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { configPath, dataPath, port = 0 } = options;
  options.signal?.throwIfAborted();
  const args = ['serve', '--config', configPath, '--data', dataPath, '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, ['--import', LIFELINE, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
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
    const url = await findListening(child, options);
    return { url, pid: child.pid ?? -1, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

function findListening(child: ChildProcess, { onLog, signal }: ServiceProcessOptions): Promise<string> {
  return new Promise((resolveUrl, reject) => {
    let said = '';
    const timer = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS / 1_000} s`), START_TIMEOUT_MS);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (how: string) => {
      settle();
      reject(new Failure('not_ready', `the service ${how}${said === '' ? '' : `: ${said.trim()}`}`));
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
