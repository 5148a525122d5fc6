import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entrepot } from '../cli/support/command-line.ts';
import { openTestRegistry } from '../support/registry.ts';
import { pushImage, seedImage } from '../support/seed-image.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';

const SECRETS = {
  ENTREPOT_ADMIN_TOKEN: 'admin-9f2c1d7ab4e05836',
  HOME_PASSWORD: 'home-5b1e0c9d83fa4726',
  RELAY_PASSWORD: 'relay-c07d4e2f9a1b6538',
  WRONG_PASSWORD: 'wrong-6e83b5f0d2c9a714',
};
const login = (name: string, username = 'ci') => ({ credentials: { username, password: `env:${name}` } });

/** Every form in which a secret could be written. */
function formsOf(secret: string): string[] {
  const users = ['ci', 'admin', 'entrepot'].map((user) => Buffer.from(`${user}:${secret}`).toString('base64'));
  const own = Buffer.from(secret).toString('base64');
  return [
    secret,
    encodeURIComponent(secret),
    own,
    own.replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
    ...users,
  ];
}

it('nothing that a run writes holds a secret: log, database, depot, answers, errors, process arguments, command line', async () => {
  await using folder = await openTempFolder('secrets');
  await using source = await openTestRegistry();
  await using home = await openTestRegistry({
    auth: { kind: 'basic', username: 'ci', password: SECRETS.HOME_PASSWORD },
  });
  await using relay = await openTestRegistry({
    auth: { kind: 'bearer', username: 'ci', password: SECRETS.RELAY_PASSWORD },
  });
  await seedImage(source, 'team/app', '1', makeImage());
  const configPath = await writeServiceConfig(folder.path, {
    source,
    registries: {
      aliyun: { url: home.url, entry: login('HOME_PASSWORD') },
      singapore: { url: relay.url, entry: login('RELAY_PASSWORD') },
      japan: { url: relay.url, entry: { prefix: 'elsewhere', ...login('WRONG_PASSWORD') } },
    },
    choose: 'singapore',
  });
  const dataPath = join(folder.path, 'data');
  const said: string[] = [];
  let minted = '';
  {
    await using service = await startServiceProcess({
      configPath,
      dataPath,
      env: { ...SECRETS, ENTREPOT_LOG_LEVEL: 'debug' },
    });
    const api = service.api.as(SECRETS.ENTREPOT_ADMIN_TOKEN);
    const placed = await api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    said.push(JSON.stringify(await api.untilFinal(placed.id)));
    const refused = await api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1', targets: ['japan'] });
    said.push(JSON.stringify(await api.untilLeg(refused.id, 'japan', ({ error }) => error !== null)));
    await pushImage({ url: api.url, authorization: api.authorization }, 'team/web', '1', makeImage({ seed: 2 }));
    const token = (await api.send('POST', '/v1/tokens', { name: 'ci-team', role: 'ci', images: ['team/*'] })).body;
    minted = String(token.token);
    await api.as(minted).send('DELETE', '/v1/choices/x');
    await api.as('entrepot_guess').send('GET', '/v1/pushes');
    for (const path of ['/v1/tokens', '/v1/audit', '/v1/registries', '/v1/pushes', '/metrics', '/openapi.json'])
      said.push(await (await api.fetch(path)).text());
    said.push(await readFile(`/proc/${service.pid}/cmdline`, 'utf8'));
    const env = { ...SECRETS, ENTREPOT_URL: api.url, ENTREPOT_TOKEN: SECRETS.ENTREPOT_ADMIN_TOKEN };
    for (const args of [
      ['images', '--json'],
      ['push', 'team/app:2', '--from', 'nowhere/team/app:2', '--json'],
      ['doctor', '--config', configPath, '--json'],
    ]) {
      const { stdout, stderr } = await entrepot({ env }, ...args);
      said.push(stdout, stderr);
    }
    const ended = await service.stop();
    said.push(ended.stdout, ended.stderr);
  }
  for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) said.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));

  expect(said.join('').length).toBeGreaterThan(100_000);
  const found = Object.entries({ ...SECRETS, minted }).flatMap(([name, secret]) =>
    formsOf(secret)
      .filter((form) => said.some((text) => text.includes(form)))
      .map(() => name),
  );
  expect(found).toEqual([]);
});
