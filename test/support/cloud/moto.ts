import { type ChildProcess, spawn } from 'node:child_process';
import { eventually } from '../eventually.ts';
import { findProgram } from '../find-program.ts';
import { findFreePort } from '../free-port.ts';

/** Is moto's server (PyPI: `moto[server]`) installed? */
export function hasMoto(): boolean {
  return findProgram('moto_server') !== undefined;
}

/** moto's server on a free port: AWS's control planes, in memory. */
export async function openMoto(): Promise<AsyncDisposable & { readonly url: string }> {
  const port = await findFreePort();
  const program = findProgram('moto_server') ?? 'moto_server';
  const child: ChildProcess = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await eventually(async () => (await fetch(`${url}/moto-api/`)).ok, { deadlineMs: 30_000, what: 'moto listening' });
  } catch (error) {
    await close();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: close };
}
