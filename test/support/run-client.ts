import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a client and answers what it printed; its complaint is in the error when it fails. */
export async function runClient(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await run(program, args, {
    timeout: 90_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH, HOME, ...env },
  });
  return stdout;
}
