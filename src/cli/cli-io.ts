import type { Environment } from '../config/environment.ts';
import type { Clock } from '../kernel/clock.ts';

/** One of the two streams a program writes to. */
export type CliOutput = {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** The terminal's size now; undefined when the stream is not a terminal. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
};

/** How long the command line waits for things; tests make these small. Milliseconds. */
export type CliTimings = {
  /** First delay before a question is asked again after the connection broke; doubles. */
  readonly retryDelayMs: number;
  /** How long an answer to a short question may take. */
  readonly answerMs: number;
  /** How often progress is asked for where it does not come by itself. */
  readonly pollMs: number;
  /** An event stream that says nothing for this long, not even a comment, is taken for dead. */
  readonly silenceMs: number;
  /** How long a service may be out of reach before following a push is given up. */
  readonly outageMs: number;
  /** Least time between two lines of progress of one leg, where lines cannot be redrawn. */
  readonly progressLineMs: number;
  /** Least time between two lines of `--json` progress in which no state changed. */
  readonly jsonLineMs: number;
  /** How often a terminal is redrawn. */
  readonly frameMs: number;
};

export const DEFAULT_TIMINGS: CliTimings = {
  retryDelayMs: 500,
  answerMs: 30_000,
  pollMs: 2_000,
  silenceMs: 45_000,
  outageMs: 300_000,
  progressLineMs: 10_000,
  jsonLineMs: 1_000,
  frameMs: 250,
};

/** Everything the command line touches besides the files it is given: so that a test can be its world. */
export type CliIo = {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly stdin: { readonly isTerminal: boolean; open(): AsyncIterable<Uint8Array> };
  /** Throws `config_invalid` when a variable is wrong. */
  readEnvironment(): Environment;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly timings: CliTimings;
  /** The program's own version. */
  readonly version: string;
  /** Calls `listener` at Ctrl-C or SIGTERM instead of ending the program, once, until it is disposed. */
  onInterrupt(listener: () => void): Disposable;
};
