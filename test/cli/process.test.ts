import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exampleLeg, examplePush, placedPush } from './support/example-push.ts';
import { events, json, ScriptedApi } from './support/scripted-api.ts';

const BIN = fileURLToPath(new URL('../../bin/entrepot.js', import.meta.url));

function start(url: string, ...argv: string[]) {
  const env = { PATH: process.env.PATH, ENTREPOT_URL: url };
  const child = spawn(process.execPath, [BIN, ...argv], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const waiters: (() => void)[] = [];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    for (const waiter of waiters) waiter();
  });
  const result = once(child, 'close').then(([exitCode]) => ({ exitCode, stdout, stderr }));
  const told = (text: string) => new Promise<void>((resolve) => waiters.push(() => stderr.includes(text) && resolve()));
  return { child, result, told };
}

describe('the program', () => {
  test('prints one JSON value on stdout, ends by itself with the right status, and keeps standard input out of it', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', json(placedPush({ state: 'failed' }), 202));
    // Standard input stays open all the while.
    const { child, result } = start(api.url, 'push', 'team/app:1.2.3', '--from', 'harbor.bj/team/app:1.2.3', '--json');
    const { exitCode, stdout, stderr } = await result;
    child.stdin.destroy();
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ state: 'failed' });
  });

  test('gives each address of a name time to answer over an ocean', async () => {
    const tell = `import net from 'node:net';
      process.on('exit', () => process.stderr.write(String(net.getDefaultAutoSelectFamilyAttemptTimeout())));`;
    const child = spawn(process.execPath, [BIN, '--version'], {
      env: { PATH: process.env.PATH, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    await once(child, 'close');
    // The launcher is a process of its own, with Node's own value.
    expect(stderr).toContain('3000');
  });

  test('at SIGINT leaves the push alone and ends with 130', async () => {
    await using api = await ScriptedApi.open();
    const checking = { id: 1, event: 'transfer', data: { push: 'push_1', ...exampleLeg({ state: 'verifying' }) } };
    api
      .on('GET /v1/pushes/push_1', json(examplePush()), json(examplePush()))
      .on('GET /v1/pushes/push_1/events', events(checking, 'hang'));
    const { child, result, told } = start(api.url, 'watch', 'push_1');
    await told('singapore: checking');
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await result;
    expect(exitCode).toBe(130);
    expect(stdout).toContain('is placed at 0 of 2 registries so far');
    expect(stderr).toContain('Stopped watching; push push_1 goes on.');
  });

  test('ends quietly when nobody reads on', async () => {
    await using api = await ScriptedApi.open();
    const items = Array.from({ length: 5_000 }, (_, index) => ({
      name: `team/app-${index}`,
      tags: 1,
      pushedAt: null,
      registry: null,
    }));
    api.on('GET /v1/images', json({ items, next: null }));
    const { child, result } = start(api.url, 'images');
    child.stdout.destroy();
    const { exitCode, stderr } = await result;
    expect({ exitCode, stderr }).toEqual({ exitCode: 141, stderr: '' });
  });

  test.skipIf(!existsSync('/dev/full'))('says so where what it writes does not fit', async () => {
    const full = openSync('/dev/full', 'w');
    const env = { PATH: process.env.PATH };
    const child = spawn(process.execPath, [BIN, '--version'], { env, stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += chunk));
    const [exitCode] = await once(child, 'close');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'entrepot: what was to be written is not whole: ENOSPC: no space left on device, write\n',
    });
  });
});
