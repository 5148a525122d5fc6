import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { makeImage } from '../../support/test-image.ts';
import { ask, errorCode } from './client.ts';

const USER = { username: 'ci', password: 'pass:word' };
const basic = `Basic ${Buffer.from('ci:pass:word').toString('base64')}`;
const image = makeImage();

describe('basic', () => {
  it('asks for credentials and takes the right ones', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'basic', ...USER } });
    const refused = await ask(`${registry.url}/v2/`, 'GET');
    expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Basic realm="test registry"' } });
    expect(errorCode(refused)).toBe('UNAUTHORIZED');
    expect((await ask(`${registry.url}/v2/`, 'GET', { headers: { authorization: 'Basic eDp5' } })).status).toBe(401);
    expect((await ask(`${registry.url}/v2/`, 'GET', { headers: { authorization: basic } })).status).toBe(200);
  });
});

describe('bearer', () => {
  /** What a client does with a challenge: asks its realm, with credentials or without. */
  async function getToken(
    registry: TestRegistry,
    scopes: string[],
    authorization: string | undefined = basic,
  ): Promise<string> {
    const query = new URLSearchParams({ service: 'test-registry' });
    for (const scope of scopes) query.append('scope', scope);
    const answer = await ask(
      `${registry.url}/token?${query}`,
      'GET',
      authorization === undefined ? {} : { headers: { authorization } },
    );
    if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}`);
    return `Bearer ${(JSON.parse(answer.body.toString()) as { token: string }).token}`;
  }
  const challengeOf = async (registry: TestRegistry, path: string, method = 'GET', authorization?: string) =>
    (await ask(`${registry.url}${path}`, method, authorization === undefined ? {} : { headers: { authorization } }))
      .headers['www-authenticate'];

  it('names the realm, the service and the scope that is needed', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'bearer', ...USER } });
    const start = `Bearer realm="${registry.url}/token",service="test-registry"`;
    expect(await challengeOf(registry, '/v2/')).toBe(start);
    expect(await challengeOf(registry, '/v2/team/app/manifests/v1')).toBe(`${start},scope="repository:team/app:pull"`);
    expect(await challengeOf(registry, '/v2/team/app/manifests/v1', 'DELETE')).toBe(
      `${start},scope="repository:team/app:delete"`,
    );
    const mount = `/v2/team/app/blobs/uploads/?mount=${digestOf(Buffer.from('x'))}&from=base/os`;
    expect(await challengeOf(registry, mount, 'POST')).toBe(
      `${start},scope="repository:team/app:pull,push repository:base/os:pull"`,
    );
  });

  it('gives tokens for several scopes, together or apart, and lets in who has them', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'bearer', ...USER, forbidden: ['secret/base'] } });
    await seedImage(registry, 'base/os', 'v1', image);
    await seedImage(registry, 'secret/base', 'v1', image);
    const layer = image.blobs[0]?.digest;
    const mount = async (from: string, authorization: string) =>
      (
        await ask(`${registry.url}/v2/team/app/blobs/uploads/?mount=${layer}&from=${from}`, 'POST', {
          headers: { authorization },
        })
      ).status;
    for (const scopes of [
      ['repository:team/app:pull,push repository:base/os:pull'],
      ['repository:team/app:pull,push', 'repository:base/os:pull'],
    ]) {
      expect(await mount('base/os', await getToken(registry, scopes))).toBe(201);
    }
    // Asked for and not granted: the upload goes on without the mount.
    expect(
      await mount(
        'secret/base',
        await getToken(registry, ['repository:team/app:pull,push', 'repository:secret/base:pull']),
      ),
    ).toBe(202);
    // Not asked for yet: the client is told that it can.
    expect(await mount('base/os', await getToken(registry, ['repository:team/app:pull,push']))).toBe(401);
  });

  it('lets pull without credentials where it says so, and never push', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'bearer', ...USER, anonymousPull: true } });
    await seedImage(registry, 'team/app', 'v1', image);
    const query = 'service=test-registry&scope=repository:team/app:pull,push';
    const answer = await ask(`${registry.url}/token?${query}`, 'GET');
    const authorization = `Bearer ${(JSON.parse(answer.body.toString()) as { token: string }).token}`;
    expect((await ask(`${registry.url}/v2/team/app/manifests/v1`, 'GET', { headers: { authorization } })).status).toBe(
      200,
    );
    expect(await challengeOf(registry, '/v2/team/app/blobs/uploads/', 'POST', authorization)).toContain(
      'error="insufficient_scope"',
    );
  });

  it('answers expired tokens as such', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'bearer', ...USER, usesPerToken: 1 } });
    const once = await getToken(registry, []);
    expect((await ask(`${registry.url}/v2/`, 'GET', { headers: { authorization: once } })).status).toBe(200);
    expect(await challengeOf(registry, '/v2/', 'GET', once)).toContain('error="invalid_token"');
    const fresh = await getToken(registry, []);
    registry.expireTokens();
    expect(await challengeOf(registry, '/v2/', 'GET', fresh)).toContain('error="invalid_token"');
  });

  it('takes the POST form where it is offered', async () => {
    const form =
      'grant_type=password&service=test-registry&client_id=test&username=ci&password=pass%3Aword&scope=repository:a:pull repository:b:pull';
    const post = (registry: TestRegistry) =>
      ask(`${registry.url}/token`, 'POST', {
        body: form,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    await using registry = await openTestRegistry({ auth: { kind: 'bearer', ...USER } });
    const answer = await post(registry);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      scope: 'repository:a:pull repository:b:pull',
      expires_in: 300,
    });
    await using older = await openTestRegistry({ auth: { kind: 'bearer', ...USER, takesPost: false } });
    expect((await post(older)).status).toBe(404);
  });

  it('refuses wrong credentials', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'bearer', ...USER } });
    await expect(getToken(registry, [], 'Basic eDp5')).rejects.toThrow('401');
  });
});
