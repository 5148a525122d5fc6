import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { cachedCredentials } from '../../src/registry/cached-credentials.ts';
import type { Credentials, CredentialsProvider } from '../../src/registry/credentials.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer, readRequest } from '../net/scripted-server.ts';
import { openTestRegistry, type TestRegistryOptions } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeBytes, makeImage } from '../support/test-image.ts';
import { APP, basic, OTHER, openTestClient, streamOf, TAG } from './test-client.ts';

const BASIC = { kind: 'basic', username: 'ci', password: 'pa:ss' } as const;
const BEARER = { kind: 'bearer', username: 'ci', password: 'pa:ss' } as const;
const CI = basic('ci', 'pa:ss');
const IMAGE = makeImage();
const BYTES = makeBytes(100_000, 'auth');
const DIGEST = digestOf(BYTES);

async function openRegistry(options: TestRegistryOptions) {
  const registry = await openTestRegistry(options);
  await seedImage(registry, APP, TAG, IMAGE);
  return registry;
}

/** A clock that stands where the test puts it. */
function openSetClock() {
  const clock = { ms: 1_800_000_000_000, nowMs: () => clock.ms, elapsedMs: () => clock.ms, sleep: async () => {} };
  return clock;
}

describe('Basic', () => {
  it('is sent after the first challenge, and at once from then on', async () => {
    await using registry = await openRegistry({ auth: BASIC });
    await using client = openTestClient(registry.url, { credentials: CI });
    await client.ping();
    await client.getManifest(APP, TAG);
    expect(registry.requests.map((request) => request.status)).toEqual([401, 200, 200]);
  });

  it.each<[string, CredentialsProvider]>([
    ['without credentials', { get: async () => ({ kind: 'none' }) }],
    ['with wrong ones', basic('ci', 'wrong')],
  ])('fails %s, without asking for ever', async (_name, credentials) => {
    await using registry = await openRegistry({ auth: BASIC });
    await using client = openTestClient(registry.url, { credentials });
    expect(await failureOf(client.ping())).toMatchObject({ code: 'remote_unauthenticated', details: { status: 401 } });
    expect(await failureOf(client.ping())).toMatchObject({ code: 'remote_unauthenticated' });
    expect(registry.count('GET')).toBeLessThanOrEqual(3);
  });

  it('that is missing is told before anything is asked, whether the registry minds or not', async () => {
    await using registry = await openRegistry({});
    const missing = async () => {
      throw new Failure('secret_missing', 'the environment variable PASSWORD is not set');
    };
    await using client = openTestClient(registry.url, { credentials: { get: missing } });
    expect(await failureOf(client.ping())).toMatchObject({ code: 'secret_missing' });
    expect(await failureOf(client.getManifest(APP, TAG))).toMatchObject({ code: 'secret_missing' });
    expect(registry.count('GET')).toBe(0);
  });

  it('is renewed once when it is refused', async () => {
    await using registry = await openRegistry({ auth: BASIC });
    let fetched = 0;
    const credentials = cachedCredentials(async () => {
      fetched += 1;
      const password = new Secret(fetched === 1 ? 'old' : 'pa:ss');
      return { credentials: { kind: 'basic', username: 'ci', password }, goodForMs: 60_000 };
    });
    await using client = openTestClient(registry.url, { credentials });
    await client.ping();
    await client.ping();
    expect(fetched).toBe(2);
    expect(registry.requests.map((request) => request.status)).toEqual([401, 401, 200, 200]);
  });
});

describe('Bearer', () => {
  it.each<[string, TestRegistryOptions['auth']]>([
    ['in both members', BEARER],
    ['as token', { ...BEARER, tokenMember: 'token' }],
    ['as access_token', { ...BEARER, tokenMember: 'access_token' }],
    ['without an end', { ...BEARER, expiresInSeconds: null }],
  ])('asks for a token and keeps it for all requests of the scope: %s', async (_name, auth) => {
    await using registry = await openRegistry(auth === undefined ? {} : { auth });
    await using client = openTestClient(registry.url, { credentials: CI });
    for (let round = 0; round < 3; round += 1) await client.getManifest(APP, TAG);
    expect(registry.count('GET', /^\/token/)).toBe(1);
    expect(registry.count('GET', /manifests/)).toBe(4);
    const token = registry.requests.find((request) => request.path.startsWith('/token'));
    const query = new URL(`http://x${token?.path}`).searchParams;
    expect([query.get('service'), query.getAll('scope')]).toEqual(['test-registry', ['repository:team/app:pull']]);
  });

  it('is anonymous without credentials', async () => {
    await using registry = await openRegistry({ auth: { ...BEARER, anonymousPull: true } });
    await using client = openTestClient(registry.url);
    expect((await client.getManifest(APP, TAG))?.digest).toBe(IMAGE.digest);
    expect(await failureOf(client.startUpload(APP))).toMatchObject({ code: 'remote_unauthenticated' });
    expect(
      registry.requests.find((request) => request.path.startsWith('/token'))?.headers.authorization,
    ).toBeUndefined();
  });

  it('fetches one token for many requests at once', async () => {
    await using registry = await openRegistry({ auth: BEARER });
    await using client = openTestClient(registry.url, { credentials: CI });
    await client.ping();
    registry.forgetRequests();
    await Promise.all(Array.from({ length: 12 }, () => client.headManifest(APP, TAG)));
    expect(registry.count('GET', /^\/token/)).toBe(1);
    expect(registry.count('HEAD')).toBe(12);
  });

  it('asks once more with a new token when one is refused, for bytes that can be sent again', async () => {
    await using registry = await openRegistry({ auth: BEARER });
    await using client = openTestClient(registry.url, { credentials: CI });
    await client.getManifest(APP, TAG);
    registry.expireTokens();
    await client.getManifest(APP, TAG);
    registry.expireTokens();
    await client.putManifest(APP, TAG, IMAGE.root);
    expect(registry.count('GET', /^\/token/)).toBe(3);
  });

  it('gives up after one challenge for a request', async () => {
    await using registry = await openRegistry({ auth: { ...BEARER, forbidden: ['team/app'] } });
    await using client = openTestClient(registry.url, { credentials: CI });
    expect(await failureOf(client.getManifest(APP, TAG))).toMatchObject({ code: 'remote_unauthenticated' });
    expect(registry.count('GET', /manifests/)).toBe(2);
  });

  it('is renewed before its end, at three quarters of a short life and 30 s before that of a long one', async () => {
    const clock = openSetClock();
    let lifeS: unknown = 60;
    let tokens = 0;
    await using server = await openScriptedServer((request, response) => {
      if (request.url?.startsWith('/token') === true) {
        tokens += 1;
        response.end(JSON.stringify({ token: `t${tokens}`, expires_in: lifeS }));
      } else if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
      else response.end('{}');
    });
    await using client = openTestClient(server.url, { credentials: CI, clock });
    const ask = async (afterMs: number) => {
      clock.ms += afterMs;
      await client.ping();
      return tokens;
    };
    expect([await ask(0), await ask(44_000), await ask(2_000)]).toEqual([1, 1, 2]);
    lifeS = 600;
    expect([await ask(60_000), await ask(569_000), await ask(2_000)]).toEqual([3, 3, 4]);
    // Less than a minute is not issued, and nonsense is no life at all.
    lifeS = 5;
    expect([await ask(600_000), await ask(44_000)]).toEqual([5, 5]);
    lifeS = 'nonsense';
    expect([await ask(600_000), await ask(44_000), await ask(2_000)]).toEqual([6, 6, 7]);
  });

  it('counts the age of a token that was issued before, unless the clocks differ', async () => {
    const clock = openSetClock();
    let issuedAt = new Date(clock.ms - 500_000).toISOString();
    let tokens = 0;
    await using server = await openScriptedServer((request, response) => {
      if (request.url?.startsWith('/token') === true) {
        tokens += 1;
        response.end(JSON.stringify({ token: `t${tokens}`, expires_in: 600, issued_at: issuedAt }));
      } else if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
      else response.end('{}');
    });
    await using client = openTestClient(server.url, { credentials: CI, clock });
    await client.ping();
    clock.ms += 80_000;
    await client.ping();
    expect(tokens).toBe(2);
    issuedAt = '2001-01-01T00:00:00Z';
    clock.ms += 600_000;
    await client.ping();
    clock.ms += 500_000;
    await client.ping();
    expect(tokens).toBe(3);
  });

  it('asks for both repositories of a mount', async () => {
    await using registry = await openRegistry({ auth: BEARER });
    await using client = openTestClient(registry.url, { credentials: CI });
    const layer = IMAGE.blobs[0]?.digest ?? DIGEST;
    expect(await client.startUpload(OTHER, { mount: { digest: layer, from: APP } })).toEqual({ kind: 'mounted' });
    const token = registry.requests.find((request) => request.path.startsWith('/token'));
    expect(new URL(`http://x${token?.path}`).searchParams.getAll('scope')).toEqual([
      'repository:team/app:pull',
      'repository:team/other:pull,push',
    ]);
  });

  it('asks for the scopes that the registry names, and remembers them', async () => {
    const scopes: string[][] = [];
    await using server = await openScriptedServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (url.pathname === '/token') {
        scopes.push(url.searchParams.getAll('scope'));
        response.end(JSON.stringify({ access_token: 'the-token' }));
      } else if (request.headers.authorization === 'Bearer the-token') response.end('{}');
      else
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="/token",scope="registry:catalog:* repository:h:5/a:pull"`,
          })
          .end();
    });
    await using client = openTestClient(server.url);
    await client.ping();
    await client.ping();
    expect(scopes).toEqual([['registry:catalog:*', 'repository:h:5/a:pull']]);
  });

  it('trades an identity token by POST', async () => {
    let form: URLSearchParams | undefined;
    await using server = await openScriptedServer(async (request, response) => {
      if (request.url === '/token') {
        form = new URLSearchParams((await readRequest(request)).toString());
        response.writeHead(request.method === 'POST' ? 200 : 405).end(JSON.stringify({ access_token: 'traded' }));
      } else if (request.headers.authorization === 'Bearer traded') response.end('{}');
      else
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="${server.url}/token",service="s",scope="repository:team/app:pull"`,
          })
          .end();
    });
    const held: Credentials = { kind: 'identity-token', token: new Secret('refresh-me') };
    await using client = openTestClient(server.url, { credentials: { get: async () => held } });
    await client.ping();
    expect(Object.fromEntries(form ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
      client_id: 'entrepot',
      service: 's',
      scope: 'repository:team/app:pull',
    });
  });

  it.each([
    [401, '{}', 'remote_unauthenticated'],
    [403, '{}', 'remote_denied'],
    [404, '', 'remote_unexpected'],
    [429, '{}', 'remote_rate_limited'],
    [500, '<html>', 'remote_unavailable'],
    [200, '<html>', 'remote_unexpected'],
    [200, '{}', 'remote_unexpected'],
    [200, '{"token":"a\\r\\nx: y"}', 'remote_unexpected'],
    [307, '', 'remote_unexpected'],
  ])('a token server that answers %i %s is %s', async (status, body, code) => {
    await using server = await openScriptedServer((request, response) => {
      if (request.url?.startsWith('/token') === true) response.writeHead(status, { 'retry-after': '3' }).end(body);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
    });
    await using client = openTestClient(server.url, { credentials: CI });
    const failure = await failureOf(client.getManifest(APP, TAG));
    expect(failure.code).toBe(code);
    expect(failure.message).not.toContain(Buffer.from('ci:pa:ss').toString('base64'));
  });

  it('renews credentials that the token server refuses', async () => {
    let fetched = 0;
    const credentials = cachedCredentials(async () => {
      fetched += 1;
      return {
        credentials: { kind: 'basic', username: 'ci', password: new Secret(fetched === 1 ? 'old' : 'pa:ss') },
        goodForMs: 60_000,
      };
    });
    await using registry = await openRegistry({ auth: BEARER });
    await using client = openTestClient(registry.url, { credentials });
    await client.getManifest(APP, TAG);
    expect(fetched).toBe(2);
  });

  it('does not end the fetch that others wait for when one of them is cancelled', async () => {
    let answer = () => {};
    let asked = () => {};
    const tokenAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await using server = await openScriptedServer((request, response) => {
      if (request.url?.startsWith('/token') === true) {
        answer = () => response.end('{"token":"t"}');
        asked();
      } else if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
      else response.end('{}');
    });
    await using client = openTestClient(server.url);
    const abort = new AbortController();
    const first = client.ping({ signal: abort.signal });
    await tokenAsked;
    const second = client.ping();
    abort.abort();
    expect(await failureOf(first)).toMatchObject({ code: 'cancelled' });
    answer();
    await second;
  });
});

describe('a body that can be sent only once', () => {
  it('is preceded by what learns how to authenticate', async () => {
    await using registry = await openRegistry({ auth: BEARER });
    await using starter = openTestClient(registry.url, { credentials: CI });
    const started = await starter.startUpload(APP);
    if (started.kind !== 'session') throw new Error('no session');
    // As after a restart: a client that knows nothing goes on with a session that was kept, known by its location alone.
    await using client = openTestClient(registry.url, { credentials: CI });
    registry.forgetRequests();
    const session = { location: started.session.location, minChunkBytes: 0 };
    const progress = await client.sendChunk(session, { offset: 0, sizeBytes: BYTES.byteLength, body: streamOf(BYTES) });
    await client.finishUpload(progress.session, DIGEST);
    expect(registry.count('PATCH')).toBe(1);
    const token = registry.requests.find((request) => request.path.startsWith('/token'));
    expect(new URL(`http://x${token?.path}`).searchParams.getAll('scope')).toEqual(['repository:team/app:pull,push']);
  });

  it('fails on an expired token, and works when the chunk is tried again', async () => {
    await using registry = await openRegistry({ auth: BEARER });
    await using client = openTestClient(registry.url, { credentials: CI });
    const started = await client.startUpload(APP);
    if (started.kind !== 'session') throw new Error('no session');
    registry.expireTokens();
    const send = () =>
      client.sendChunk(started.session, { offset: 0, sizeBytes: BYTES.byteLength, body: streamOf(BYTES) });
    expect(await failureOf(send())).toMatchObject({ code: 'remote_unauthenticated' });
    const progress = await send();
    await client.finishUpload(progress.session, DIGEST);
    expect(await client.headBlob(APP, DIGEST)).toEqual({ sizeBytes: BYTES.byteLength });
  });

  it('costs an open registry one question, not one a chunk', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const started = await client.startUpload(APP);
    if (started.kind !== 'session') throw new Error('no session');
    let { session } = started;
    for (let offset = 0; offset < 3_000; offset += 1_000) {
      ({ session } = await client.sendChunk(session, {
        offset,
        sizeBytes: 1_000,
        body: streamOf(BYTES.subarray(offset, offset + 1_000)),
      }));
    }
    expect(registry.requests.map((request) => request.method)).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH']);
  });
});

describe('what a challenge may name', () => {
  it.each([
    ['not-a-url://', 'remote_unexpected'],
    ['ftp://127.0.0.1/token', 'remote_unexpected'],
    ['http://user:pass@127.0.0.1/token', 'remote_unexpected'],
  ])('realm %s is %s', async (realm, code) => {
    await using server = await openScriptedServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end(),
    );
    await using client = openTestClient(server.url, { credentials: CI });
    expect(await failureOf(client.getManifest(parseRepositoryName('a'), TAG))).toMatchObject({ code });
  });
});
