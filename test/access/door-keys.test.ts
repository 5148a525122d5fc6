import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SignedTokens } from '../../src/api/v2/signed-token.ts';
import { openDoorKeys } from '../../src/app/access/door-keys.ts';
import { openTestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const NOW_MS = 1_700_000_000_000;
const claims = (expiresAt: number) => ({ subject: 'ci', granted: [], asked: [], expiresAt });

test('a token of the door is believed by the processes that come after, for as long as it lasts', async () => {
  await using folder = await openTempFolder('door-keys');
  const first = new SignedTokens(openDoorKeys(folder.path, NOW_MS));
  const token = first.sign(claims(NOW_MS + 300_000));
  // Two of them, soon after each other.
  const second = new SignedTokens(openDoorKeys(folder.path, NOW_MS + 10_000));
  const third = new SignedTokens(openDoorKeys(folder.path, NOW_MS + 20_000));
  for (const tokens of [second, third]) {
    expect(tokens.find(token, NOW_MS + 30_000)).toEqual(claims(NOW_MS + 300_000));
    expect(tokens.find(token, NOW_MS + 300_000)).toBeUndefined();
  }
  expect(first.find(second.sign(claims(NOW_MS + 300_000)), NOW_MS)).toBeUndefined();
});

test('a key from an old copy of the folder signs nothing that is believed', async () => {
  await using folder = await openTempFolder('door-keys');
  const stolen = new SignedTokens(openDoorKeys(folder.path, NOW_MS));
  const next = new SignedTokens(openDoorKeys(folder.path, NOW_MS + 1_000));
  const forged = stolen.sign(claims(NOW_MS + 1e9));
  expect(next.find(forged, NOW_MS + 301_001)).toBeUndefined();
  expect(openDoorKeys(folder.path, NOW_MS + 1e6).former).toHaveLength(1);
});

test('its owner alone reads the file; one that is damaged holds no keys', async () => {
  await using folder = await openTempFolder('door-keys');
  const path = join(folder.path, 'door-key');
  await writeFile(path, `${'a'.repeat(63)}\n${'b'.repeat(64)} soon\n`, { mode: 0o644 });
  expect(openDoorKeys(folder.path, NOW_MS).former).toEqual([]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
});

test('a client goes on with its token when the service was started anew, unless what it stood for was revoked', async () => {
  await using folder = await openTempFolder('door-keys');
  const options = { registries: { aliyun: { url: 'http://127.0.0.1:9' } }, folder: folder.path };
  const tagsBy = async (api: ServiceApi, token: string) => (await api.as(token).fetch('/v2/team/app/tags/list')).status;
  let tokens: string[];
  {
    await using service = await openTestService(options);
    const callers = [];
    for (const name of ['stays', 'goes'])
      callers.push(await service.api.withToken({ role: 'ci', name, images: ['*'] }));
    tokens = await Promise.all(
      callers.map(async (caller) => {
        const authorization = `Basic ${Buffer.from(`ci:${caller.token}`).toString('base64')}`;
        const query = '/v2/token?scope=repository:team/app:pull';
        const answer = await service.api.fetch(query, { headers: { authorization } });
        return ((await answer.json()) as { token: string }).token;
      }),
    );
    expect(await tagsBy(service.api, tokens[0] ?? '')).toBe(404);
  }
  await using again = await openTestService(options);
  const { items } = (await again.api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
  await again.api.send('DELETE', `/v1/tokens/${items.find(({ name }) => name === 'goes')?.id}`);
  expect(await Promise.all(tokens.map((token) => tagsBy(again.api, token)))).toEqual([404, 401]);
});
