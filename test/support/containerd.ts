import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';

const run = promisify(execFile);

/** The machine's own, or one of version 2 under a name of its own, which the gate builds where Go is. */
export type ContainerdVersion = '' | '2';

/** Are containerd and its client installed? Tests that need them are skipped where they are not. */
export function hasContainerd(version: ContainerdVersion = ''): boolean {
  return findProgram(`containerd${version}`) !== undefined && findProgram(`ctr${version}`) !== undefined;
}

export type Containerd = AsyncDisposable & {
  /** Where it listens. */
  readonly socket: string;
  /** Starts ctr against it, which the test ends. */
  start(...args: string[]): ChildProcess;
  /** Runs ctr against it and answers what it printed; its complaint is in the error when it fails. */
  ctr(...args: string[]): Promise<string>;
};

export type ContainerdOptions = {
  readonly version?: ContainerdVersion;
  /** A program that runs it elsewhere, on a host of its own. */
  readonly through?: readonly string[];
  /** More lines of its configuration. */
  readonly config?: string;
};

/** Starts a containerd that keeps everything below `folder` and runs no containers, and waits until it answers. */
export async function openContainerd(folder: string, options: ContainerdOptions = {}): Promise<Containerd> {
  const { version = '', through = [], config: more = '' } = options;
  const daemon = findProgram(`containerd${version}`) ?? 'containerd';
  const client = findProgram(`ctr${version}`) ?? 'ctr';
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'config.toml');
  const socket = join(folder, 'containerd.sock');
  await writeFile(
    config,
    [
      'version = 2',
      `root = ${JSON.stringify(join(folder, 'root'))}`,
      `state = ${JSON.stringify(join(folder, 'state'))}`,
      // The last one makes a folder below /opt.
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
      `[grpc]\n  address = ${JSON.stringify(socket)}`,
      `[ttrpc]\n  address = ${JSON.stringify(`${socket}.ttrpc`)}`,
      more,
    ].join('\n'),
  );
  const { PATH = '' } = process.env;
  const [program = daemon, ...args] = [...through, daemon, '--config', config];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  // The client resolves and fetches by itself, so it has to be where the daemon is.
  const asked = [...through, client, '--address', socket];
  const start = (...args: string[]) => spawn(asked[0] ?? client, [...asked.slice(1), ...args], { stdio: 'ignore' });
  const ctr = async (...args: string[]) => {
    const { stdout } = await run(asked[0] ?? client, [...asked.slice(1), ...args], {
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8',
    });
    return stdout;
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  try {
    await once(child, 'spawn');
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}: ${said}`);
        await ctr('version');
        return true;
      },
      { what: 'containerd answering' },
    );
  } catch (error) {
    await stop();
    throw new Error(`containerd did not start: ${said}`, { cause: error });
  }
  return { socket, ctr, start, [Symbol.asyncDispose]: stop };
}
