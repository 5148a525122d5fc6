import { expect, it } from 'vitest';
import { LoginAccess } from '../../../src/api/v2/login-access.ts';
import { openRegistryServer } from '../../../src/api/v2/registry-server.ts';
import { openRegistryFolder } from '../../../src/depot/registry-folder/registry-folder.ts';
import { pushImage, seedImage } from '../../support/seed-image.ts';
import { hasSkopeo, skopeo } from '../../support/skopeo.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';

const image = makeImage({ layers: [{ size: 2_000 }] });

/** A registry where `ci-secret` may do everything below `team/` and `cluster-secret` may pull there. */
async function openWorld() {
  const open = new AsyncDisposableStack();
  const folder = open.use(await openTempFolder('login'));
  const storage = await openRegistryFolder({ folder: folder.path, durable: false });
  const world = { nowMs: Date.now(), revoked: new Set<string>() };
  const secrets = new Map([
    ['ci-secret', 'ci'],
    ['cluster-secret', 'cluster'],
  ]);
  const access = new LoginAccess(
    {
      identify: async (secret) => (world.revoked.has(secret) ? undefined : secrets.get(secret)),
      may: async (subject, repository, action) =>
        repository.startsWith('team/') && !world.revoked.has(subject) && (subject === 'ci' || action === 'pull'),
    },
    () => world.nowMs,
  );
  const server = await openRegistryServer({ storage, access });
  open.defer(async () => {
    await server.close();
    await storage.close();
  });
  const basic = (secret: string) => `Basic ${Buffer.from(`any:${secret}`).toString('base64')}`;
  return Object.assign(world, {
    storage,
    url: server.url,
    address: server.url.replace('http://', ''),
    get: (path: string, authorization?: string) =>
      fetch(`${server.url}${path}`, { headers: authorization === undefined ? {} : { authorization } }),
    async token(secret: string, scope: string) {
      const answer = await fetch(`${server.url}/v2/token?service=entrepot&scope=${scope}`, {
        headers: { authorization: basic(secret) },
      });
      expect(answer.status).toBe(200);
      const { token } = (await answer.json()) as { token: string };
      return `Bearer ${token}`;
    },
    basic,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  });
}

it('who is unknown is sent to the token endpoint with the scope that is needed', async () => {
  await using world = await openWorld();
  const answer = await world.get('/v2/team/app/tags/list');
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="${world.url}/v2/token",service="entrepot",scope="repository:team/app:pull"`,
  );
  expect((await world.get('/v2/')).status).toBe(401);
  expect((await world.get('/v2/token', world.basic('wrong'))).status).toBe(401);
});

it('a token does what its holder may and no more, and an expired one is called invalid_token', async () => {
  await using world = await openWorld();
  await seedImage(world, 'team/app', '1', image);
  const token = await world.token('cluster-secret', 'repository:team/app:pull,push');
  expect((await world.get('/v2/', token)).status).toBe(200);
  expect((await world.get('/v2/team/app/manifests/1', token)).status).toBe(200);
  expect((await world.get('/v2/team/other/tags/list', token)).headers.get('www-authenticate')).toContain(
    'error="insufficient_scope"',
  );
  const push = await fetch(`${world.url}/v2/team/app/blobs/uploads/`, {
    method: 'POST',
    headers: { authorization: token },
  });
  expect(push.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  world.nowMs += 301_000;
  const late = await world.get('/v2/team/app/manifests/1', token);
  expect(late.status).toBe(401);
  expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"');
});

it('a token that was changed is nobody, and what is taken away is gone before the token ends', async () => {
  await using world = await openWorld();
  await seedImage(world, 'team/app', '1', image);
  const token = await world.token('ci-secret', 'repository:team/app:pull');
  const [payload = '', mac = ''] = token.replace('Bearer ', '').split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, granted: ['team/app delete'] })).toString('base64url');
  expect((await world.get('/v2/team/app/manifests/1', `Bearer ${forged}.${mac}`)).status).toBe(401);
  world.revoked.add('ci');
  expect((await world.get('/v2/team/app/manifests/1', token)).status).toBe(403);
});

it('the POST form gives a token and what refreshes it', async () => {
  await using world = await openWorld();
  const ask = async (form: Record<string, string>) =>
    (await fetch(`${world.url}/v2/token`, { method: 'POST', body: new URLSearchParams(form) })).json();
  const scope = 'repository:team/app:pull';
  const first = (await ask({
    grant_type: 'password',
    username: 'any',
    password: 'ci-secret',
    client_id: 'docker',
    service: 'entrepot',
    access_type: 'offline',
    scope,
  })) as { refresh_token: string };
  const again = (await ask({
    grant_type: 'refresh_token',
    refresh_token: first.refresh_token,
    client_id: 'docker',
    service: 'entrepot',
    scope,
  })) as { access_token: string };
  expect((await world.get('/v2/team/app/tags/list', `Bearer ${again.access_token}`)).status).toBe(404);
});

it('Basic and a credential as Bearer do without the token endpoint', async () => {
  await using world = await openWorld();
  await seedImage(world, 'team/app', '1', image);
  for (const authorization of [world.basic('cluster-secret'), 'Bearer cluster-secret'])
    expect((await world.get('/v2/team/app/manifests/1', authorization)).status).toBe(200);
  await expect(pushImage(world.url, 'team/app', '2', image)).rejects.toThrow();
});

it.skipIf(!hasSkopeo())('skopeo logs in by itself to push, and is refused where it may not', async () => {
  await using world = await openWorld();
  await seedImage(world, 'team/app', '1', image);
  const copy = (secret: string, to: string) =>
    skopeo([
      'copy',
      '--preserve-digests',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      '--src-creds=any:cluster-secret',
      `--dest-creds=any:${secret}`,
      `docker://${world.address}/team/app:1`,
      `docker://${world.address}/${to}`,
    ]);
  await copy('ci-secret', 'team/copy:1');
  expect(await world.storage.findTag('team/copy' as never, '1' as never)).toBe(image.digest);
  await expect(copy('cluster-secret', 'team/other:1')).rejects.toThrow();
});
