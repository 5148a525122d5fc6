import { expect, it } from 'vitest';
import { openTestService, type TestService } from '../support/service.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { newSigningKey, openOidcServer } from './support/oidc-server.ts';

const REGISTRIES = { aliyun: { url: 'http://127.0.0.1:1' }, singapore: { url: 'http://127.0.0.1:2' } };

const access = (issuer: string, images: readonly string[]) => ({
  access: {
    oidc: {
      gitlab: { issuer, audience: 'https://entrepot.test', rules: [{ when: { sub: '*' }, role: 'ci', images }] },
    },
  },
});

/** A token of the door for whoever shows `secret`, to push team/app. */
async function logIn({ api }: TestService, secret: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`ci:${secret}`).toString('base64')}`;
  const answer = await api.fetch('/v2/token?scope=repository:team/app:pull,push', { headers: { authorization } });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { token: string }).token;
}

async function openUpload({ api }: TestService, token: string, name = 'team/app') {
  const { status, headers } = await api.as(token).fetch(`/v2/${name}/blobs/uploads/`, { method: 'POST' });
  return [status, /error="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1]];
}

it('what a job got for its own token holds over a restart, for the same images, as long as the rules are the same', async () => {
  await using folder = await openTempFolder('door-vouchers');
  await using provider = await openOidcServer([await newSigningKey('k1')]);
  const start = (images: readonly string[]) =>
    openTestService({ registries: REGISTRIES, folder: folder.path, more: access(provider.issuer, images) });
  let token: string;
  {
    await using first = await start(['team/*']);
    token = await logIn(first, await provider.token({}));
    expect(await openUpload(first, token)).toEqual([202, undefined]);
  }
  // Nobody can say any more who the job was.
  await provider.stop();
  {
    await using second = await start(['team/*']);
    expect(await openUpload(second, token)).toEqual([202, undefined]);
    expect(await openUpload(second, token, 'team/other')).toEqual([401, 'insufficient_scope']);
    const { api } = second;
    expect((await api.as(token).fetch('/v1/images')).status).toBe(401);
    const lines = second.logged.filter(({ path }) => path === '/v2/team/app/blobs/uploads/');
    expect(lines).toMatchObject([{ caller: expect.stringContaining('gitlab:') }]);
  }
  await using third = await start(['team/app']);
  expect(await openUpload(third, token)).toEqual([401, 'invalid_token']);
});

it('a token of ours is vouched for by nobody: revoked, it is none after a restart either', async () => {
  await using folder = await openTempFolder('door-vouchers');
  const start = () => openTestService({ registries: REGISTRIES, folder: folder.path });
  let token: string;
  {
    await using first = await start();
    const ci = await first.api.withToken({ role: 'ci', images: ['team/*'], name: 'ci' });
    token = await logIn(first, ci.token);
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).not.toHaveProperty('voucher');
    expect(await openUpload(first, token)).toEqual([202, undefined]);
    const { items } = (await first.api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
    await first.api.send('DELETE', `/v1/tokens/${items.find(({ name }) => name === 'ci')?.id}`);
  }
  await using second = await start();
  expect(await openUpload(second, token)).toEqual([401, 'invalid_token']);
});
