import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/free-port.ts';
import { ServiceApi } from '../support/service-api.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { runServiceProcess, type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const MIGRATIONS = resolve(import.meta.dirname, '../../src/store/migrations/all-migrations.ts');

/** What the next version might add: a column and a table. */
const ONE_MORE = `
import { ALL_MIGRATIONS } from ${JSON.stringify(pathToFileURL(MIGRATIONS).href)};
ALL_MIGRATIONS.push({
  name: '9000-next',
  async apply(db) {
    await db.schema.alterTable('tokens').addColumn('next', 'text').execute();
    await db.schema.createTable('next').addColumn('a', 'text').execute();
  },
});
`;

/** Reads and writes without end, trying again for a while when there is no answer; counts what failed for good. */
function openClient(url: string) {
  const api = new ServiceApi(url);
  const counts = { answered: 0, failed: 0, choice: 'singapore' };
  let stopped = false;
  const ask = async (method: string, path: string, body?: unknown): Promise<void> => {
    const untilMs = performance.now() + 30_000;
    for (;;) {
      const answer = await api.send(method, path, body).catch(() => undefined);
      if (answer !== undefined && answer.status < 500) {
        if (answer.status !== 200) counts.failed += 1;
        counts.answered += 1;
        return;
      }
      if (performance.now() > untilMs) {
        counts.failed += 1;
        return;
      }
      await new Promise((next) => setTimeout(next, 50));
    }
  };
  const running = (async () => {
    while (!stopped) {
      counts.choice = counts.choice === 'korea' ? 'singapore' : 'korea';
      await ask('PUT', '/v1/choices/*', { registry: counts.choice });
      await ask('GET', '/v1/choices/*');
      await ask('GET', '/v1/images');
    }
  })();
  return {
    api,
    counts,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

it('versions hand over to each other, forth and back, and clients that try again see nothing fail', async () => {
  await using folder = await openTempFolder('hand-over');
  const registries = { singapore: { url: 'http://127.0.0.1:9' }, korea: { url: 'http://127.0.0.1:9' } };
  const configPath = await writeServiceConfig(folder.path, { registries });
  const more = join(folder.path, 'one-more.mjs');
  await writeFile(more, ONE_MORE);
  const next = { NODE_OPTIONS: `--import ${pathToFileURL(more).href}` };
  const dataPath = join(folder.path, 'data');
  const port = await findFreePort();
  let current: ServiceProcess = await startServiceProcess({ configPath, dataPath, port });
  const client = openClient(current.api.url);
  try {
    // To itself, to a version with one more step of the schema, and back to the version before.
    for (const env of [{}, next, {}]) {
      let said = '';
      const onOutput = (text: string) => {
        said += text;
      };
      const args = ['--takeover', '60s'];
      const started = startServiceProcess({ configPath, dataPath, port, args, env, onOutput });
      await eventually(() => said.includes('waiting for the data folder'), { deadlineMs: 30_000, what: 'it waiting' });
      const before = client.counts.answered;
      expect((await current.stop()).code).toBe(0);
      current = await started;
      await eventually(() => client.counts.answered > before + 5, {
        deadlineMs: 30_000,
        what: 'answers of the new one',
      });
    }
    await client.stop();
    const database = new Database(join(dataPath, 'entrepot.db'), { readonly: true });
    expect(database.prepare(`select name from migrations where name = '9000-next'`).all()).toHaveLength(1);
    database.close();
    expect(client.counts.failed).toBe(0);
    expect((await client.api.send('GET', '/v1/choices/*')).body).toMatchObject({ registry: client.counts.choice });
  } finally {
    await client.stop();
    await current.kill();
  }
}, 180_000);

it('an upgrade is a hand-over: the new process waits for the old one as long as it was told to, and goes on from there', async () => {
  await using folder = await openTempFolder('takeover');
  const configPath = await writeServiceConfig(folder.path, {
    registries: { singapore: { url: 'http://127.0.0.1:9' } },
  });
  const dataPath = join(folder.path, 'data');
  const port = await findFreePort();
  await using first = await startServiceProcess({ configPath, dataPath, port });
  expect((await first.api.send('PUT', '/v1/choices/*', { registry: 'singapore' })).status).toBe(200);
  let said = '';
  const started = startServiceProcess({
    configPath,
    dataPath,
    port,
    args: ['--takeover', '60s'],
    listensWithinMs: 80_000,
    onOutput: (text) => {
      said += text;
    },
  });
  const late = await runServiceProcess({ configPath, dataPath, args: ['--takeover', '300ms'] });
  expect([late.code, late.stderr.includes(`process ${first.pid}`)]).toEqual([1, true]);
  await eventually(() => said.includes('waiting for the data folder'), {
    deadlineMs: 60_000,
    what: 'the new one waiting',
  });
  await first.stop();
  await using second = await started;
  expect(second.stdout).toContain(`in use by process ${first.pid}`);
  expect((await second.api.send('GET', '/v1/choices/*')).body).toMatchObject({ registry: 'singapore', revision: 1 });
}, 120_000);
