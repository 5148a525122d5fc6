import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';

const DAEMON = findProgram('containerd') ?? 'containerd';
const CLIENT = findProgram('ctr') ?? 'ctr';
const run = promisify(execFile);

/** Are containerd and its client installed? Tests that need them are skipped where they are not. */
export function hasContainerd(): boolean {
  return findProgram('containerd') !== undefined && findProgram('ctr') !== undefined;
}

export type Containerd = AsyncDisposable & {
  /** Runs ctr against it and answers what it printed; its complaint is in the error when it fails. */
  ctr(...args: string[]): Promise<string>;
};

/**
 * Starts a containerd that keeps everything below `folder` and runs no containers, and waits until it answers.
 * `through` is a program that runs it elsewhere, on a host of its own.
 */
export async function openContainerd(folder: string, through: readonly string[] = []): Promise<Containerd> {
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
    ].join('\n'),
  );
  const { PATH = '' } = process.env;
  const [program = DAEMON, ...args] = [...through, DAEMON, '--config', config];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const ctr = async (...args: string[]) => {
    // The client resolves and fetches by itself, so it has to be where the daemon is.
    const [client = CLIENT, ...rest] = [...through, CLIENT, '--address', socket, ...args];
    const { stdout } = await run(client, rest, {
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
  return { ctr, [Symbol.asyncDispose]: stop };
}
