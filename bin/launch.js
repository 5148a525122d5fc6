// Starts a script under the Node.js that this repository pins. Plain JavaScript on purpose: any Node >= 20 must be
// able to read it, while everything it starts needs Node >= 24 (TypeScript is run as it stands).
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NEEDED_MAJOR = 24;

/** The pinned Node's path, the current one when that is new enough, or undefined when neither will do. */
function findNode() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return join(dirname(manifest), 'bin', 'node');
  } catch {
    return Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR ? process.execPath : undefined;
  }
}

/** Runs `node ...args` with this process's stdio, forwards signals, and exits as the child did. */
export function launch(args) {
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(
      `entrepot needs Node.js ${NEEDED_MAJOR} or newer (this is ${process.versions.node}); it brings its own for ` +
        `linux-x64 and linux-arm64 with "npm ci", elsewhere please install Node.js ${NEEDED_MAJOR}.\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], { stdio: 'inherit' });
  const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  for (const signal of forwarded) {
    // A terminal sends Ctrl-C to the whole foreground group: the child has it already.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on('error', (error) => {
    process.stderr.write(`entrepot could not start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of forwarded) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
