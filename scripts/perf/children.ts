import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The administrator's token of every service that is measured. */
export const TOKEN = 'perf-administrator';
export const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

export type RunningChild = { readonly url: string; readonly pid: number; stop(): Promise<void> };

/** Starts a Node script and waits until it prints a line that says where it listens. */
export async function startListening(args: readonly string[], env: Record<string, string> = {}): Promise<RunningChild> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ENTREPOT_ADMIN_TOKEN: TOKEN, ...env },
  });
  const told = await new Promise<{ url: string; pid?: number }>((resolveTold, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"listening"')) resolveTold(JSON.parse(line));
    });
  });
  // Behind the launcher the service is a process of its own, and says which.
  return { url: told.url, pid: told.pid ?? child.pid ?? -1, stop: () => stop(child) };
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** CPU seconds, user and system, that a process and its reaped children have used (proc(5), `stat` fields 14–17). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return ticks / ticksPerSecond();
}

let ticks: number | undefined;
function ticksPerSecond(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticks;
}

/** Resident memory now and at its highest, bytes. */
export function memoryOf(pid: number): { rssBytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
  return { rssBytes: read('VmRSS'), peakBytes: read('VmHWM') };
}
