import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasContainerd, openContainerd } from './containerd.ts';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';
import { runClient } from './run-client.ts';

/** Are Docker's daemon, which needs root and containerd, and its client installed? */
export function hasDocker(): boolean {
  const programs = [findProgram('dockerd'), findProgram('docker')];
  return process.getuid?.() === 0 && hasContainerd() && !programs.includes(undefined);
}

export type DockerDaemon = AsyncDisposable & {
  /** Runs docker against it and answers what it printed; its complaint is in the error when it fails. */
  docker(...args: string[]): Promise<string>;
};

/** Starts a daemon that keeps everything below `folder` and runs no containers, and waits until it answers. */
export async function openDockerDaemon(folder: string): Promise<DockerDaemon> {
  await mkdir(folder, { recursive: true });
  const opened = new AsyncDisposableStack();
  const at = (name: string) => join(folder, name);
  const host = `unix://${at('docker.sock')}`;
  const env = { DOCKER_HOST: host, DOCKER_CONFIG: at('config'), HOME: folder };
  const docker = (...args: string[]) => runClient('docker', args, env);
  let said = '';
  try {
    const { socket } = opened.use(await openContainerd(at('containerd')));
    const child = spawn(
      findProgram('dockerd') ?? 'dockerd',
      [
        ...['--host', host, '--containerd', socket, '--storage-driver', 'vfs'],
        ...['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('docker.pid')],
        // It would change the network of the machine.
        ...['--bridge', 'none', '--iptables=false', '--ip6tables=false'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH ?? '' } },
    );
    const gone = once(child, 'exit');
    opened.defer(async () => {
      child.kill('SIGTERM');
      await gone;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
    });
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`);
        return await docker('version');
      },
      { what: 'docker answering' },
    );
  } catch (error) {
    await opened.disposeAsync();
    throw new Error(`docker did not start: ${said}`, { cause: error });
  }
  return { docker, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
