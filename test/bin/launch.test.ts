import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { findProgram } from '../support/find-program.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { findNodes, ROOT, startNode } from './launcher.ts';
import { onTerminal } from './on-terminal.ts';

// Services and other Nodes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NODE_JS = join(ROOT, 'bin/node.js');
const ENTREPOT_JS = join(ROOT, 'bin/entrepot.js');
const TOO_OLD = findNodes().find(({ major }) => major < 24);

/** Says which signals it gets, one a line, and ends at the third or when told to. */
const EAR = `
  let heard = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'])
    process.on(name, () => { console.log(name); if (++heard === 3) process.exit(0); });
  setInterval(() => {}, 1000);
  console.log('ready ' + process.pid);`;

describe.each(findNodes())('the launcher under $name', ({ path: node }) => {
  test('starts the pinned Node, with the arguments, and ends with its exit status', async () => {
    const script = 'console.log(process.versions.node.split(".")[0], process.argv.slice(1).join()); process.exit(7)';
    const { code, stdout, stderr } = await startNode(node, [NODE_JS, '-e', script, '--', 'a b', '--c']).ended;
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: '24 a b,--c\n', stderr: '' });
  });

  test('ends by the signal by which the script ended', async () => {
    const { code, signal } = await startNode(node, [NODE_JS, '-e', 'process.kill(process.pid, "SIGKILL")']).ended;
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('passes each signal on, once', async () => {
    const { child, ended, untilSays } = startNode(node, [NODE_JS, '-e', EAR]);
    await untilSays(/ready/);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      child.kill(signal);
      await untilSays(new RegExp(`^${signal}$`));
    }
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(1)).toEqual(['SIGTERM', 'SIGINT', 'SIGHUP', '']);
  });

  test('works through a link, from another folder', async () => {
    await using folder = await openTempFolder('launcher');
    const link = join(folder.path, 'entrepot');
    await symlink(ENTREPOT_JS, link);
    const { code, stdout } = await startNode(node, [link, '--version'], { cwd: folder.path }).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe('on a terminal', () => {
  test.skipIf(findProgram('script') === undefined)('Ctrl-C reaches the script once', async () => {
    const said = await onTerminal([process.execPath, NODE_JS, '-e', EAR], async (terminal) => {
      await terminal.untilSays('ready');
      terminal.type('\x03');
      await terminal.untilSays('SIGINT');
      const pid = Number(/ready (\d+)/.exec(terminal.said())?.[1]);
      process.kill(pid, 'SIGTERM');
      await terminal.untilSays('SIGTERM');
      process.kill(pid, 'SIGHUP');
    });
    expect(said.match(/SIG\w+/g)).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP']);
  });
});

describe('where something is missing, one sentence says what', () => {
  /** The launcher alone, as in a fresh clone; with `node_modules` it looks installed without the pinned Node. */
  async function copyLauncher(folder: string, withModules: boolean): Promise<string> {
    await cp(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
    await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
    if (withModules) await mkdir(join(folder, 'node_modules'));
    await mkdir(join(folder, 'src/cli'), { recursive: true });
    await writeFile(join(folder, 'src/cli/main.ts'), 'const text: string = "typed"; console.log(text);');
    return join(folder, 'bin/entrepot.js');
  }

  test('nothing installed', async () => {
    await using folder = await openTempFolder('launcher');
    const launcher = await copyLauncher(folder.path, false);
    const { code, stdout, stderr } = await startNode(process.execPath, [launcher]).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`entrepot: nothing is installed yet, please run "npm ci" in ${folder.path}/\n`);
  });

  test.skipIf(TOO_OLD === undefined)('no pinned Node, and the current one too old', async () => {
    await using folder = await openTempFolder('launcher');
    const launcher = await copyLauncher(folder.path, true);
    const { code, stdout, stderr } = await startNode(TOO_OLD?.path ?? '', [launcher]).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^entrepot: Node\.js 24 or newer is needed \(this is 2\d\.[\d.]+\), and [^\n]+\n$/);
  });

  test('no pinned Node, but the current one will do', async () => {
    await using folder = await openTempFolder('launcher');
    const launcher = await copyLauncher(folder.path, true);
    const { code, stdout, stderr } = await startNode(process.execPath, [launcher]).ended;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'typed\n', stderr: '' });
  });

  test('a pinned Node that does not run here, but the current one will do', async () => {
    await using folder = await openTempFolder('launcher');
    const launcher = await copyLauncher(folder.path, true);
    const pinned = join(folder.path, 'node_modules', `node-${process.platform}-${process.arch}`);
    await mkdir(join(pinned, 'bin'), { recursive: true });
    await writeFile(join(pinned, 'package.json'), '{}');
    // As of another C library: its loader is not here.
    await writeFile(join(pinned, 'bin/node'), '#!/no/such/loader\n', { mode: 0o755 });
    const { code, stdout, stderr } = await startNode(process.execPath, [launcher]).ended;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'typed\n', stderr: '' });
  });
});
