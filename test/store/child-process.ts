import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A script of this folder as a process of its own, killed for good when its scope ends. */
export type Child = AsyncDisposable & {
  readonly process: ChildProcess;
  /** The next line on its stdout; throws when it ended instead. */
  nextLine(): Promise<string>;
  kill(signal: NodeJS.Signals): Promise<void>;
};

export function openChild(script: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    process: child,
    async nextLine() {
      const line = await lines.next();
      if (line.done) throw new Error(`${script} ended without another line`);
      return line.value;
    },
    kill,
    [Symbol.asyncDispose]: () => kill('SIGKILL'),
  };
}
