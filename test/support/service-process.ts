import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from './eventually.ts';
import { openOwnTime } from './own-time.ts';
import { ServiceApi } from './service-api.ts';
import { TEST_TOKEN } from './test-token.ts';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

export type ServiceProcessOptions = {
  readonly configPath: string;
  readonly dataPath: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** How long it may take until it listens, waiting for a processor apart; 20 s by default. */
  readonly listensWithinMs?: number;
  /** Told what it writes on stdout, also before it listens. */
  readonly onOutput?: (text: string) => void;
  /** Runs another program that runs the service: `['unshare', '-Urm', …]`. */
  readonly through?: readonly string[];
};

/** What became of a process. */
export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** `entrepot serve` as a process of its own; killed for good when its scope ends. */
export type ServiceProcess = AsyncDisposable & {
  readonly api: ServiceApi;
  readonly pid: number;
  readonly port: number;
  /** Everything it has written. */
  readonly stdout: string;
  readonly stderr: string;
  readonly hasEnded: boolean;
  kill(): Promise<Ended>;
  /** SIGTERM, and waits until it has ended. */
  stop(): Promise<Ended>;
};

export function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const run = spawnService(options);
  run.child.stdout?.on('data', (text) => options.onOutput?.(String(text)));
  return untilListening(run, { withinMs: options.listensWithinMs });
}

export type AgentProcessOptions = {
  readonly site: string;
  readonly dataPath: string;
  readonly serviceUrl: string;
  /** What its `api` shows it: the token of a cluster. */
  readonly askedWith?: string;
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** `entrepot agent` as a process of its own; killed for good when its scope ends. */
export function startAgentProcess(options: AgentProcessOptions): Promise<ServiceProcess> {
  const { site, dataPath, serviceUrl, port = 0, args = [], env = {} } = options;
  const agent = ['agent', '--site', site, '--data', dataPath, '--listen', `127.0.0.1:${port}`, ...args];
  const at = { ENTREPOT_URL: serviceUrl, ENTREPOT_TOKEN: TEST_TOKEN };
  return untilListening(spawnProgram([process.execPath, MAIN, ...agent], { ...at, ...env }), {
    token: options.askedWith,
  });
}

async function untilListening(
  run: Run,
  { token, withinMs = 20_000 }: { token?: string | undefined; withinMs?: number | undefined } = {},
): Promise<ServiceProcess> {
  const listening = await eventually(
    () => {
      if (run.ended !== undefined) return 'ended' as const;
      return run.stdout
        .split('\n')
        .slice(0, -1)
        .map(parseLine)
        .find((line) => line?.event === 'listening');
    },
    { deadlineMs: withinMs, what: 'the service listening', elapsedMs: openOwnTime(run.child.pid) },
  ).catch(async (error: unknown) => {
    run.child.kill('SIGKILL');
    throw new Error(`the service did not listen: ${run.stdout} ${run.stderr}`, { cause: error });
  });
  if (listening === 'ended') throw new Error(`the service ended instead of listening: ${run.stdout} ${run.stderr}`);
  const url = String(listening.url);
  const pid = Number(listening.pid);
  const end = async (signal: NodeJS.Signals) => {
    if (run.ended === undefined) process.kill(pid, signal);
    return run.exited;
  };
  return {
    api: new ServiceApi(url, token),
    pid,
    port: Number(new URL(url).port),
    get stdout() {
      return run.stdout;
    },
    get stderr() {
      return run.stderr;
    },
    get hasEnded() {
      return run.ended !== undefined;
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

/** Runs the service where it is expected to end by itself. */
export function runServiceProcess(options: ServiceProcessOptions): Promise<Ended> {
  const run = spawnService(options);
  const timer = setTimeout(() => run.child.kill('SIGKILL'), 20_000);
  return run.exited.finally(() => clearTimeout(timer));
}

type Run = {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  ended: Ended | undefined;
  exited: Promise<Ended>;
};

function spawnService({
  configPath,
  dataPath,
  port = 0,
  env = {},
  args = [],
  through = [],
}: ServiceProcessOptions): Run {
  const serve = ['serve', '--config', configPath, '--data', dataPath, '--listen', `127.0.0.1:${port}`, ...args];
  return spawnProgram([...through, process.execPath, MAIN, ...serve], { ENTREPOT_ADMIN_TOKEN: TEST_TOKEN, ...env });
}

function spawnProgram([program = '', ...rest]: readonly string[], env: Readonly<Record<string, string>>): Run {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
  // As its launcher would start it: with what was compiled before.
  const given = { PATH, HOME, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...given, ...env } });
  const run: Run = { child, stdout: '', stderr: '', ended: undefined, exited: Promise.reject() };
  run.exited.catch(() => {});
  child.stdout?.on('data', (text) => {
    run.stdout += text;
  });
  child.stderr?.on('data', (text) => {
    run.stderr += text;
  });
  run.exited = once(child, 'close').then(([code, signal]) => {
    run.ended = { code, signal, stdout: run.stdout, stderr: run.stderr };
    return run.ended;
  });
  return run;
}

/** A line of JSON as an object; undefined for anything else. */
export function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
