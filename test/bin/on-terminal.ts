import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../support/eventually.ts';

type Terminal = { type(text: string): void; said(): string; untilSays(text: string): Promise<void> };

/** Runs a command on a terminal of its own (util-linux's `script`), and answers all that was shown there. */
export async function onTerminal(
  command: readonly string[],
  act: (terminal: Terminal) => Promise<void>,
): Promise<string> {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-q', '-e', '-E', 'never', '-c', `exec ${quoted}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let shown = '';
  child.stdout.on('data', (chunk) => {
    shown += chunk;
  });
  try {
    await act({
      type: (text) => child.stdin.write(text),
      said: () => shown,
      untilSays: async (text) => void (await eventually(() => shown.includes(text), { what: `${text} is shown` })),
    });
    await closed;
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  return shown;
}
