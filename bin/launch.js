// Starts a script under the Node.js that this repository pins. Plain JavaScript on purpose: any Node >= 20 must be
// able to read it, while everything it starts needs Node >= 24 (TypeScript is run as it stands).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The platforms for which package.json names a Node among the optional dependencies. */
const BROUGHT_FOR = ['linux-x64', 'linux-arm64'];
const PLATFORM = `${process.platform}-${process.arch}`;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

const isNewEnough = Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR;

function findPinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${PLATFORM}/package.json`);
    const node = join(dirname(manifest), 'bin', 'node');
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function fail(sentence) {
  process.stderr.write(`entrepot: ${sentence}\n`);
  process.exit(1);
}

/**
 * Runs `node ...args` with this process's stdio, forwards signals, and ends as the child did. With `lifeline` the
 * child also ends when this process is gone without having been able to say so (see lifeline.js).
 */
export function launch(args, { lifeline = false } = {}) {
  const pinned = findPinnedNode();
  if (!existsSync(join(ROOT, 'node_modules'))) return fail(`nothing is installed yet, please run "npm ci" in ${ROOT}`);
  if (pinned === undefined && !isNewEnough) {
    const remedy = BROUGHT_FOR.includes(PLATFORM)
      ? `"npm ci" in ${ROOT} brings one along, please run it without leaving out optional dependencies`
      : `none is brought along for ${PLATFORM}, please install it`;
    return fail(`Node.js ${NEEDED_MAJOR} or newer is needed (this is ${process.versions.node}), and ${remedy}`);
  }
  const flags = ['--disable-warning=ExperimentalWarning'];
  if (lifeline) flags.push('--import', new URL('lifeline.js', import.meta.url).href);
  start(pinned ?? process.execPath, [...flags, ...args], lifeline);
}

// Where Node keeps what it compiled, so that the next start need not: it halves what loading the sources takes. A
// folder that cannot be written is passed over by Node without a word.
const COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'compile');

function start(node, args, lifeline) {
  const env = { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env };
  const child = spawn(node, args, { env, stdio: ['inherit', 'inherit', 'inherit', ...(lifeline ? ['pipe'] : [])] });
  child.stdio[3]?.on('error', () => {});
  const forward = (signal) => {
    // A terminal sends Ctrl-C to its whole foreground group: the child has it already, and would take a second one as
    // the wish to end at once.
    const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    if (signal !== 'SIGINT' || !hasTerminal) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const stopForwarding = () => {
    for (const signal of FORWARDED) process.removeListener(signal, forward);
  };
  child.on('error', (error) => {
    if (child.pid !== undefined) return;
    stopForwarding();
    // A brought Node may not fit this system (another C library); one that is here may.
    if (node !== process.execPath && isNewEnough) start(process.execPath, args, lifeline);
    else fail(`${node} could not be started (${error.code}), please install Node.js ${NEEDED_MAJOR}`);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    stopForwarding();
    process.kill(process.pid, signal);
  });
}
