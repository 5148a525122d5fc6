import { type CliIo, type CliOutput, type CliTimings, DEFAULT_TIMINGS } from '../../../src/cli/cli-io.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { openServiceFetch } from '../../../src/cli/service-fetch.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import { systemClock } from '../../../src/kernel/clock.ts';

export type CommandLineOptions = {
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Both streams are a terminal of this size. */
  readonly terminal?: { columns: number; rows: number };
  readonly timings?: Partial<CliTimings>;
  readonly nowMs?: number;
  readonly stdin?: AsyncIterable<Uint8Array>;
};

export type CommandLineResult = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** The command line in this process, with everything around it but the network made up. */
export class CommandLine {
  stdout = '';
  stderr = '';
  #interrupts = new Set<() => void>();
  readonly #waiters: { text: string; resolve: () => void }[] = [];
  readonly #options: CommandLineOptions;

  constructor(options: CommandLineOptions = {}) {
    this.#options = options;
  }

  async run(...argv: string[]): Promise<CommandLineResult> {
    const exitCode = await runCli(argv, this.#io());
    if (this.#interrupts.size > 0) throw new Error('a listener for Ctrl-C was left behind');
    return { exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }

  /** Resolves once `text` has been written to either stream. */
  async written(text: string): Promise<void> {
    if (`${this.stdout}${this.stderr}`.includes(text)) return;
    await new Promise<void>((resolve) => this.#waiters.push({ text, resolve }));
  }

  #io(): CliIo {
    const { url, env, terminal, timings, nowMs, stdin } = this.#options;
    const output = (stream: 'stdout' | 'stderr'): CliOutput => ({
      write: (text) => {
        this[stream] += text;
        for (const waiter of this.#waiters) if (`${this.stdout}${this.stderr}`.includes(waiter.text)) waiter.resolve();
      },
      isTerminal: terminal !== undefined,
      size: () => (terminal === undefined ? undefined : { ...terminal }),
    });
    const readsEnvironment = () => readEnvironment({ ...(url === undefined ? {} : { ENTREPOT_URL: url }), ...env });
    return {
      stdout: output('stdout'),
      stderr: output('stderr'),
      stdin: { isTerminal: stdin === undefined, open: () => stdin ?? emptyInput() },
      readEnvironment: readsEnvironment,
      clock: nowMs === undefined ? systemClock : { ...systemClock, nowMs: () => nowMs },
      fetch: openServiceFetch(readsEnvironment),
      timings: { ...DEFAULT_TIMINGS, retryDelayMs: 5, pollMs: 10, frameMs: 5, ...timings },
      version: '1.2.3',
      onInterrupt: (listener) => {
        this.#interrupts.add(listener);
        return { [Symbol.dispose]: () => void this.#interrupts.delete(listener) };
      },
    };
  }
}

/** One run with nothing to steer meanwhile. */
export async function entrepot(options: CommandLineOptions, ...argv: string[]): Promise<CommandLineResult> {
  return new CommandLine(options).run(...argv);
}

async function* emptyInput(): AsyncGenerator<Uint8Array> {}
