import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { parseLine } from '../support/service-process.ts';
import type { Wan } from '../support/wan/open-wan.ts';
import type { WanHost } from '../support/wan/wan-world.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The command line, and the project's own registry, as programs of the laboratory's hosts. */
export const MAIN = join(ROOT, 'src/cli/main.ts');
export const REGISTRY = join(ROOT, 'scripts/perf/wan/own-registry.ts');

/** A program on a host of the laboratory. */
export type Program = {
  readonly log: readonly Record<string, unknown>[];
  readonly child: ChildProcess;
  kill(): Promise<void>;
  /** SIGTERM, and waits until it has ended. */
  stop(): Promise<void>;
};

/**
 * Starts the project's own registry on a host. Once it listens it goes before all others, where that is allowed: what
 * stands far away is a machine of its own, whose answers are not late because the one that measures is busy.
 */
export async function startRegistryOn(wan: Wan, host: WanHost, folder: string): Promise<Program> {
  const program = await startOn(wan, host, [REGISTRY, folder, '0.0.0.0', '5000']);
  const command = ['--all-tasks', '--rr', '--pid', '1', String(program.child.pid)];
  await promisify(execFile)('chrt', command).catch(() => {});
  return program;
}

/** Starts a program under Node on a host, and waits until it says in its log that it listens. */
export async function startOn(
  wan: Wan,
  host: WanHost,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const [program, ...rest] = wan.commandOn(host, process.execPath, args);
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH, HOME, ...env } });
  const log: Record<string, unknown>[] = [];
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  await new Promise<void>((resolveReady, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}: ${complaint}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const facts = parseLine(line);
      if (facts !== undefined) log.push(facts);
      if (facts?.event === 'listening') resolveReady();
    });
  });
  return { log, child, kill: () => end(child, 'SIGKILL'), stop: () => end(child, 'SIGTERM') };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
