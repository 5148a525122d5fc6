import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/free-port.ts';
import { ServiceApi } from '../support/service-api.ts';
import { renderServiceConfig } from '../support/service-config.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');
const REQUESTS = 2_000;
const AT_ONCE = 20;

it('serves on at debug level while nobody reads its log, loses no line that fits, and outlives its reader', async () => {
  await using folder = await openTempFolder('blocked-log');
  const port = await findFreePort();
  const config = join(folder.path, 'regions.yaml');
  writeFileSync(config, renderServiceConfig({ registries: { aliyun: { url: 'http://127.0.0.1:9' } } }));
  const args = [
    MAIN,
    'serve',
    '--config',
    config,
    '--data',
    join(folder.path, 'data'),
    '--listen',
    `127.0.0.1:${port}`,
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ENTREPOT_LOG_LEVEL: 'debug', ENTREPOT_ADMIN_TOKEN: TEST_TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const api = new ServiceApi(`http://127.0.0.1:${port}`);
    const isReady = async () => (await fetch(`${api.url}/readyz`).catch(() => undefined))?.status === 200;
    await eventually(isReady, { what: 'the service being ready', deadlineMs: 20_000 });
    const ask = async (count: number, name: string) => {
      const askInTurn = async (first: number) => {
        for (let n = first; n < count; n += AT_ONCE) {
          const headers = { 'x-request-id': `${name}-${n}` };
          const answer = await api.fetch('/v1/registries', { headers });
          expect(answer.status).toBe(200);
          await answer.arrayBuffer();
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => askInTurn(first)));
    };
    // A pipe holds 64 KiB, these lines are more than twice that.
    await ask(REQUESTS, 'unread');
    let read = '';
    child.stdout.on('data', (text) => {
      read += String(text);
    });
    const idsOf = () => [...read.matchAll(/"requestId":"(unread-\d+)"/g)].map((found) => found[1]);
    await eventually(() => idsOf().length === REQUESTS, { what: 'all lines, once they are read' });
    expect(new Set(idsOf()).size).toBe(REQUESTS);
    for (const line of read.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');

    child.stdout.destroy();
    await ask(200, 'gone');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}, 120_000);
