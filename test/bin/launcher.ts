import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../support/find-program.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The Nodes to launch with: the one that runs the tests, and the machine's own where that is another. */
export function findNodes(): { name: string; path: string; major: number }[] {
  const pinned = process.versions.node;
  const nodes = [{ name: `Node ${pinned} (pinned)`, path: process.execPath, major: Number.parseInt(pinned, 10) }];
  // npm puts node_modules/.bin before the PATH, where the pinned one may be found again.
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const path = findProgram('node', folders);
  if (path === undefined) return nodes;
  const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  if (version !== pinned)
    nodes.push({ name: `Node ${version} (the machine's)`, path, major: Number.parseInt(version, 10) });
  return nodes;
}

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/** Starts `node ...args`, its standard input empty; `ended` collects what it printed. */
export function startNode(node: string, args: readonly string[], options: { cwd?: string; path?: string } = {}) {
  const child = spawn(node, args, {
    cwd: options.cwd ?? ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: options.path ?? process.env.PATH, HOME: process.env.HOME },
  });
  let stdout = '';
  let stderr = '';
  const waiters = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    for (const waiter of waiters) waiter();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended: Promise<Ended> = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  /** The first line of stdout that the pattern matches. */
  const untilSays = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const line = stdout
          .split('\n')
          .slice(0, -1)
          .find((each) => pattern.test(each));
        if (line === undefined) return;
        waiters.delete(look);
        resolve(line);
      };
      waiters.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without saying ${pattern}: ${stdout}${stderr}`)));
    });
  return { child, ended, untilSays };
}

/** Is there a process of this id that is more than a name in the table? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
