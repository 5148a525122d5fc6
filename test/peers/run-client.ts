import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { findProgram } from '../support/find-program.ts';

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

/** A test that needs a program which is installed where the gate can: apt's with apt, Go's with Go. */
export function clientTest(program: string, isUsable = true): ReturnType<typeof test.skipIf> {
  return test.skipIf(!isUsable || findProgram(program) === undefined);
}
