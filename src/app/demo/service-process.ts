import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { Failure } from '../../kernel/failure.ts';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');
const START_TIMEOUT_MS = 20_000;

/** The service as a process of its own, so that it can be killed like one. */
export type ServiceProcess = {
  readonly url: string;
  readonly pid: number;
  /** SIGKILL: nothing is said goodbye to. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it has ended. */
  stop(): Promise<void>;
};

/** Starts `entrepot serve` on a loopback port (0: a free one) and waits until it says where it listens. */
export async function startService(options: { configPath: string; dataPath: string; port?: number; logLevel?: string }): Promise<ServiceProcess> {
  const { configPath, dataPath, port = 0 } = options;
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', configPath, '--data', dataPath, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const complaints: string[] = [];
  child.stderr.on('data', (text) => complaints.push(String(text)));
  const url = await findListening(child, complaints);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return { url, pid: child.pid ?? -1, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

function findListening(child: ChildProcess, complaints: readonly string[]): Promise<string> {
  return new Promise((resolveUrl, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Failure('not_ready', `the service did not listen within ${START_TIMEOUT_MS / 1_000} s: ${complaints.join('')}`));
    }, START_TIMEOUT_MS);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      const event = parseLine(line);
      if (event?.event !== 'listening' || typeof event.url !== 'string') return;
      clearTimeout(timer);
      resolveUrl(event.url);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Failure('not_ready', `the service ended before it listened (${signal ?? code}): ${complaints.join('')}`));
    });
  });
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
