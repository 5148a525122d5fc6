import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The process that carries the packets; its commands are told in emulator.c. */
export type Emulator = {
  readonly pid: number;
  /** Sends one command and answers the words after `ok`; throws what the emulator complains of. */
  ask(command: string): Promise<string[]>;
  /** Ends it, with everything that runs on its hosts; its folder is gone afterwards. */
  close(): Promise<void>;
};

/** Compiles the laboratory's two programs into a folder. */
export async function compileEmulator(folder: string): Promise<{ emulator: string; enter: string }> {
  const compile = async (name: string): Promise<string> => {
    const program = join(folder, name);
    await run('cc', ['-O2', '-o', program, resolve(import.meta.dirname, `${name}.c`), '-lm']);
    return program;
  };
  const [emulator, enter] = await Promise.all([compile('emulator'), compile('enter')]);
  return { emulator, enter };
}

export async function startEmulator(program: string, folder: string, seed: number): Promise<Emulator> {
  // In a session of its own: the Ctrl-C that ends us must leave it time to clear up after us, which it does as soon as
  // our end of its stdin is closed.
  const child = spawn(program, [folder, String(seed)], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  type Question = { command: string; resolve: (words: string[]) => void; reject: (error: Error) => void };
  const questions: Question[] = [];
  let isOver = false;
  const exited = once(child, 'exit').then(() => {
    isOver = true;
    for (const { command, reject } of questions.splice(0))
      reject(new Error(`the emulator ended before it answered "${command}"`));
  });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const question = questions.shift();
    const [verdict, ...words] = line.split(' ');
    if (verdict === 'ok') question?.resolve(words);
    else question?.reject(new Error(`the emulator was told "${question.command}" and answered "${line}"`));
  });
  return {
    pid: child.pid ?? -1,
    ask: (command) =>
      new Promise((resolveWords, reject) => {
        if (isOver) return reject(new Error(`the emulator is no more and cannot be told "${command}"`));
        questions.push({ command, resolve: resolveWords, reject });
        child.stdin.write(`${command}\n`);
      }),
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
