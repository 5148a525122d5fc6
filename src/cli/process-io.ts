import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { WriteStream } from 'node:tty';
import { readEnvironment } from '../config/environment.ts';
import { systemClock } from '../kernel/clock.ts';
import { type CliIo, type CliOutput, DEFAULT_TIMINGS } from './cli-io.ts';
import { openServiceFetch } from './service-fetch.ts';

/** The command line's world as the running process has it. */
export function processIo(): CliIo {
  return {
    stdout: processOutput(process.stdout),
    stderr: processOutput(process.stderr),
    stdin: { isTerminal: process.stdin.isTTY === true, open: () => process.stdin },
    readEnvironment: () => readEnvironment(),
    clock: systemClock,
    fetch: openServiceFetch(readEnvironment),
    timings: DEFAULT_TIMINGS,
    version: readVersion(),
    onInterrupt(listener) {
      const signals = ['SIGINT', 'SIGTERM'] as const;
      // Once: a second Ctrl-C ends the program the hard way, in case the first could not.
      for (const signal of signals) process.once(signal, listener);
      return {
        [Symbol.dispose]() {
          for (const signal of signals) process.removeListener(signal, listener);
        },
      };
    },
  };
}

function processOutput(stream: WriteStream): CliOutput {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    size: () => (stream.isTTY ? { columns: stream.columns || 80, rows: stream.rows || 24 } : undefined),
  };
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
  return typeof version === 'string' ? version : '0.0.0';
}
