import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { findFreePort } from './free-port.ts';

const PROGRAM = '/usr/bin/docker-registry';

export type DockerRegistry = AsyncDisposable & {
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly port: number;
  /** The operating system's id of its process. */
  readonly pid: number;
  stop(): Promise<void>;
};

/** Is Debian's docker-registry installed? Tests that need it are skipped where it is not. */
export function hasDockerRegistry(): boolean {
  try {
    accessSync(PROGRAM, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a real docker-registry (distribution 2.8) that keeps its content below `folder`, and waits until it answers. */
export async function openDockerRegistry(options: { folder: string; deletes?: boolean }): Promise<DockerRegistry> {
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const data = join(options.folder, 'data');
  await mkdir(data, { recursive: true });
  const config = join(options.folder, 'config.yml');
  // JSON is YAML, and quotes every path.
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: data }, delete: { enabled: options.deletes ?? true } },
      http: { addr: address, secret: 'for tests only' },
    }),
  );
  const child = spawn(PROGRAM, ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const url = `http://${address}`;
  try {
    await once(child, 'spawn');
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}: ${said}`);
        return (await fetch(`${url}/v2/`)).ok;
      },
      { what: 'docker-registry answering' },
    );
  } catch (error) {
    await end(child);
    throw error;
  }
  const stop = () => end(child);
  return { url, address, port, pid: child.pid ?? 0, stop, [Symbol.asyncDispose]: stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
