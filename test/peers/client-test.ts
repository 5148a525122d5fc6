import { test } from 'vitest';
import { findProgram } from '../support/find-program.ts';

/** A test that needs a program which is installed where the gate can: apt's with apt, Go's with Go. */
export function clientTest(program: string, isUsable = true): ReturnType<typeof test.skipIf> {
  return test.skipIf(!isUsable || findProgram(program) === undefined);
}
