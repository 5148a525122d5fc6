import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';
import { findFreePort } from './free-port.ts';

const PROGRAM = findProgram('docker-registry') ?? 'docker-registry';

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
  return findProgram('docker-registry') !== undefined;
}

/** Starts a real docker-registry (distribution 2.8) that keeps its content below `folder`, and waits until it answers. */
export async function openDockerRegistry(options: {
  folder: string;
  deletes?: boolean;
  /** To come back where it was; default a free one. */
  port?: number;
  /** Its `auth` section. */
  auth?: Readonly<Record<string, unknown>>;
}): Promise<DockerRegistry> {
  const port = options.port ?? (await findFreePort());
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
      ...(options.auth === undefined ? {} : { auth: options.auth }),
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
        return [200, 401].includes((await fetch(`${url}/v2/`)).status);
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
