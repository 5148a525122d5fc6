import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entrepot } from '../cli/support/command-line.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { parseLine, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';

async function openFolder() {
  const folder = await openTempFolder('first-token');
  const configPath = await writeServiceConfig(folder.path, {
    registries: { singapore: { url: 'http://127.0.0.1:9' } },
  });
  const dataPath = join(folder.path, 'data');
  return { configPath, dataPath, file: join(dataPath, 'admin-token'), [Symbol.asyncDispose]: () => folder.remove() };
}

const noPreset = { ENTREPOT_ADMIN_TOKEN: '' };

test('the first start writes a token that only its owner reads, and says where; a lost one is recovered while it runs', async () => {
  await using world = await openFolder();
  await using service = await startServiceProcess({ ...world, env: noPreset });
  const status = async (token: string) => (await service.api.as(token).send('GET', '/v1/tokens')).status;
  const first = (await readFile(world.file, 'utf8')).trim();
  expect((await stat(world.file)).mode & 0o777).toBe(0o600);
  expect(service.stdout.split('\n').map(parseLine)).toContainEqual(
    expect.objectContaining({ event: 'admin token written', path: world.file }),
  );
  expect(await status(first)).toBe(200);

  const printed = await entrepot({ env: { ENTREPOT_DATA: world.dataPath } }, 'token');
  expect(printed).toMatchObject({ exitCode: 0, stdout: `${first}\n` });
  expect(printed.stderr).not.toContain(first);

  // Put away, the file is not missed; lost, it is written anew.
  await rm(world.file);
  expect(await status(first)).toBe(200);
  const recovered = (await entrepot({}, 'token', '--data', world.dataPath)).stdout.trim();
  expect(recovered).not.toBe(first);
  expect((await stat(world.file)).mode & 0o777).toBe(0o600);
  expect(await status(recovered)).toBe(200);
  expect(await status(first)).toBe(401);

  // Revoked, it is not handed out again: the next one is another, which holds.
  const admin = service.api.as(recovered);
  const { items } = (await admin.send('GET', '/v1/tokens')).body as { items: { id: string }[] };
  expect((await admin.send('DELETE', `/v1/tokens/${items[0]?.id}`)).status).toBe(200);
  expect(await status(recovered)).toBe(401);
  const next = await entrepot({}, 'token', '--data', world.dataPath);
  expect(next.stderr).toContain('the one there was revoked');
  const latest = next.stdout.trim();
  expect(await status(latest)).toBe(200);
  // Each of them came in without anybody's leave: the audit log tells.
  const { body } = await service.api.as(latest).send('GET', '/v1/audit?action=token.create');
  expect((body as { items: { detail: unknown }[] }).items.map(({ detail }) => detail)).toEqual(
    Array(3).fill({ role: 'admin', source: 'admin-token' }),
  );

  const { stdout, stderr } = await service.stop();
  for (const token of [first, recovered, latest]) expect(stdout + stderr).not.toContain(token);
  await using again = await startServiceProcess({ ...world, env: noPreset });
  expect((await again.api.as(latest).send('GET', '/v1/tokens')).status).toBe(200);
  expect(again.stdout).not.toContain('admin token written');
});

test('a preset token takes the place of the file; one that was revoked does not start a service', async () => {
  await using world = await openFolder();
  await using first = await startServiceProcess({ ...world, env: noPreset });
  const written = (await readFile(world.file, 'utf8')).trim();
  await first.stop();
  await using second = await startServiceProcess({ ...world, env: { ENTREPOT_ADMIN_TOKEN: 'preset-1' } });
  const preset = second.api.as('preset-1');
  expect((await second.api.as(written).send('GET', '/v1/tokens')).status).toBe(401);
  await expect(stat(world.file)).rejects.toThrow();
  const { items } = (await preset.send('GET', '/v1/tokens')).body as { items: { id: string }[] };
  expect(items).toHaveLength(1);
  const other = await preset.withToken({ role: 'admin' });
  expect((await other.send('DELETE', `/v1/tokens/${items[0]?.id}`)).status).toBe(200);
  expect((await preset.send('GET', '/v1/tokens')).status).toBe(401);
  await second.stop();
  await expect(startServiceProcess({ ...world, env: { ENTREPOT_ADMIN_TOKEN: 'preset-1' } })).rejects.toThrow(
    'ENTREPOT_ADMIN_TOKEN is a token that was revoked',
  );
});

test('there is no token to recover where no service has ever been', async () => {
  await using folder = await openTempFolder('first-token');
  const { exitCode, stderr } = await entrepot({}, 'token', '--data', folder.path);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is not the data folder of a service')]);
});
