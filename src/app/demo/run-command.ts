import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment } from '../../config/environment.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');

/** Runs one command of the command line as a person would; throws `internal` with what it complained of. */
export async function runCommand(
  args: readonly string[],
  options: { token: Secret; onLine: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment({ ENTREPOT_TOKEN: options.token.reveal() }),
    signal: options.signal,
  });
  const complaints: string[] = [];
  createInterface({ input: child.stdout }).on('line', options.onLine);
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const [code, signal] = await once(child, 'close', { signal: options.signal });
  if (code !== 0)
    throw new Failure('internal', `entrepot ${args.join(' ')} ended with ${signal ?? code}: ${complaints.join(' ')}`);
}
