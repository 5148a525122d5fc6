import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './find-program.ts';

const PROGRAM = findProgram('skopeo') ?? 'skopeo';
const run = promisify(execFile);

/** Is skopeo installed? Tests that need it are skipped where it is not. */
export function hasSkopeo(): boolean {
  return findProgram('skopeo') !== undefined;
}

/** Runs skopeo and answers what it printed; its complaint is in the error when it fails. */
export async function skopeo(args: readonly string[], options: { timeoutMs?: number } = {}): Promise<string> {
  // Without a policy of its own the machine's would decide which images may be copied.
  const { stdout } = await run(PROGRAM, ['--insecure-policy', ...args], {
    timeout: options.timeoutMs ?? 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
