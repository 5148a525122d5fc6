import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMISSIONS, type Reach } from '../../src/access/permissions.ts';
import type { Role } from '../../src/access/principal.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService, type TestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { TestClock } from '../support/test-clock.ts';
import { makeImage } from '../support/test-image.ts';
import { DOOR_CALLS, OPEN_CALLS, SAMPLE_CALLS, type SampleCall } from './support/sample-calls.ts';

/* Every operation, the OCI door included, by every role, with tokens of their own and of others, and without any. */

type Own = { readonly image: boolean; readonly cluster: boolean; readonly site: boolean };
type Caller = {
  readonly role: Role | 'nobody';
  readonly own: Own;
  readonly token: Record<string, unknown> | undefined;
};

const all: Own = { image: true, cluster: true, site: true };
const images = ['team/*'];

/** Who asks, and whether the sample calls are about what is theirs. */
const CALLERS: Readonly<Record<string, Caller>> = {
  ci: { role: 'ci', own: all, token: { role: 'ci', images } },
  'ci of other images': {
    role: 'ci',
    own: { ...all, image: false },
    token: { role: 'ci', images: ['tea', 'team/app2'] },
  },
  // What a client may put before a name is no part of it.
  'ci of images that are spelt like a cluster': {
    role: 'ci',
    own: { ...all, image: false },
    token: { role: 'ci', images: ['cluster.us-east-prod/*'] },
  },
  ops: { role: 'ops', own: all, token: { role: 'ops' } },
  'ops of other images': { role: 'ops', own: { ...all, image: false }, token: { role: 'ops', images: ['other/*'] } },
  cluster: { role: 'cluster', own: all, token: { role: 'cluster', cluster: 'us-east-prod' } },
  'cluster of other images': {
    role: 'cluster',
    own: { ...all, image: false },
    token: { role: 'cluster', cluster: 'us-east-prod', images: ['other/*'] },
  },
  'another cluster': {
    role: 'cluster',
    own: { ...all, cluster: false },
    token: { role: 'cluster', cluster: 'cn-prod' },
  },
  agent: { role: 'agent', own: all, token: { role: 'agent', site: 'us-east' } },
  'agent of another site': { role: 'agent', own: { ...all, site: false }, token: { role: 'agent', site: 'beijing' } },
  admin: { role: 'admin', own: all, token: { role: 'admin' } },
  nobody: { role: 'nobody', own: all, token: undefined },
};

const opened = new AsyncDisposableStack();
const clock = new TestClock();
const apis = new Map<string, ServiceApi>();
let service: TestService;
let push: string;
let revoked: ServiceApi;
let expired: ServiceApi;

beforeAll(async () => {
  const source = opened.use(await openTestRegistry());
  const aliyun = opened.use(await openTestRegistry());
  const singapore = opened.use(await openTestRegistry());
  await seedImage(source, 'team/app', '1', makeImage());
  service = opened.use(
    await openTestService({
      registries: { aliyun, singapore },
      source,
      choose: 'singapore',
      clock,
      more: { access: { limits: { failedLoginsPerMinute: 10_000 } } },
    }),
  );
  ({ id: push } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' }));
  await service.api.untilFinal(push);
  for (const [name, { token }] of Object.entries(CALLERS))
    apis.set(name, token === undefined ? service.api.as('') : await service.api.withToken({ role: 'ci', ...token }));
  revoked = await service.api.withToken({ role: 'admin' });
  const { items } = (await service.api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
  await service.api.send('DELETE', `/v1/tokens/${items[0]?.id}`);
  expired = await service.api.withToken({ role: 'admin', expiresIn: '1h' });
  clock.jump(2 * 60 * 60_000);
});
afterAll(() => opened.disposeAsync());

function apiOf(name: string): ServiceApi {
  const api = apis.get(name);
  if (api === undefined) throw new Error(`nobody is called ${name}`);
  return api;
}

/** Which statuses the table allows: 401 and 403 are refusals, whatever else is an answer to somebody who may ask. */
function expectedOf(call: SampleCall, { role, own }: Caller): 'answered' | 401 | 403 {
  if (role === 'nobody') return 401;
  const reach: Reach = role === 'admin' ? 'any' : PERMISSIONS[call.permission][role];
  const isOwn = {
    none: false,
    any: true,
    images: call.filtered === true || (call.image === true && own.image),
    cluster: call.cluster === true && own.cluster && (call.image !== true || own.image),
    site: call.site === true && own.site,
  }[reach];
  return isOwn ? 'answered' : 403;
}

async function ask(api: ServiceApi, { method, path, body }: SampleCall): Promise<Response> {
  const response = await fetch(`${api.url}${path.replace('PUSH', push)}`, {
    method,
    headers: {
      ...(api.token === '' ? {} : { authorization: api.authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response;
}

const outcomeOf = ({ status }: Response) => (status === 401 || status === 403 ? status : 'answered');

test('there is a sample of every operation, under the permission that it names', async () => {
  const { paths } = (await service.api.send('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, { operationId: string; description?: string; security?: unknown[] }>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  const guarded = operations.filter(({ security }) => security?.length !== 0);
  expect(guarded.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(SAMPLE_CALLS).sort());
  for (const { operationId, description } of guarded) {
    const { permission } = SAMPLE_CALLS[operationId] ?? { permission: 'token.manage' as const };
    expect(description, operationId).toContain(`Who may ${PERMISSIONS[permission].does}:`);
  }
  expect(operations.filter(({ security }) => security?.length === 0).map(({ path }) => path)).toEqual(OPEN_CALLS);
  for (const path of OPEN_CALLS) expect((await fetch(`${service.api.url}${path}`)).status).toBe(200);
});

describe.each(Object.entries(CALLERS))('%s', (name, caller) => {
  test.each(Object.entries(SAMPLE_CALLS))('at the API: %s', async (_, call) => {
    const response = await ask(apiOf(name), call);
    expect(outcomeOf(response)).toBe(expectedOf(call, caller));
    if (response.status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  test.each(Object.entries(DOOR_CALLS))('at the OCI door: %s', async (_, call) => {
    // The token of a cluster says by itself which one asks.
    const about = caller.role === 'cluster' ? { ...call, cluster: true as const } : call;
    const isNamed = call.cluster === true;
    const own = caller.role === 'cluster' && !isNamed ? { ...caller.own, cluster: true } : caller.own;
    const response = await ask(apiOf(name), call);
    const expected = expectedOf(about, { ...caller, own });
    // Whoever pulls as a cluster is told first that nothing is pushed there.
    const isElsewhere = caller.role === 'cluster' && call.permission !== 'door.pull';
    expect(outcomeOf(response)).toBe(isElsewhere ? 'answered' : expected);
    if (isElsewhere) expect(response.status).toBe(405);
  });
});

describe.each([
  ['revoked', () => revoked],
  ['expired', () => expired],
  ['unknown', () => service.api.as('entrepot_unknown')],
])('a token that is %s', (_name, api) => {
  test.each(Object.entries({ ...SAMPLE_CALLS, ...DOOR_CALLS }))('gets nothing of %s', async (_, call) => {
    expect((await ask(api(), call)).status).toBe(401);
  });
});

describe('what is not the caller’s is left out of lists', () => {
  const itemsOf = async (name: string, path: string) =>
    ((await apiOf(name).send('GET', path)).body as { items: unknown[] }).items.length;

  test.each(['/v1/pushes', '/v1/pushes?registry=singapore', '/v1/images'])('%s', async (path) => {
    const seen = await itemsOf('ops', path);
    expect(seen).toBeGreaterThan(0);
    expect([await itemsOf('ci', path), await itemsOf('ci of other images', path)]).toEqual([seen, 0]);
  });

  test('/v1/choices', async () => {
    await service.api.send('PUT', '/v1/choices/team%2F*', { registry: 'singapore' });
    expect([await itemsOf('ci', '/v1/choices'), await itemsOf('ci of other images', '/v1/choices')]).toEqual([1, 0]);
    expect(await itemsOf('ops', '/v1/choices')).toBe(2);
  });
});

describe('spelling', () => {
  test.each(['/v1/images/team/app', '/v1/images/team%2fapp', '/v1/images/team%2Fapp/tags/1'])(
    '%s is the same image to all',
    async (path) => {
      expect((await apiOf('ci').send('GET', path)).status).toBe(200);
      expect((await apiOf('ci of other images').send('GET', path)).status).toBe(403);
    },
  );

  test('a push of an image cannot be had under another name', async () => {
    const ci = apiOf('ci of other images');
    for (const image of ['team/app:1', 'tea/../team/app:1', 'TEAM/APP:1', 'team//app:1'])
      expect([400, 403]).toContain(
        (await ci.send('POST', '/v1/pushes', { image, source: 'harbor.bj/team/app:1' })).status,
      );
    expect((await ci.sendArchive('image=team/app:1', Buffer.from(''))).status).toBe(403);
  });
});

test('of many images those of others are refused one by one', async () => {
  const ci = await service.api.withToken({ role: 'ci', images: ['team/app'] });
  const images = ['team/other:1', 'team/app:1', 'not an image'];
  const { status, body } = await ci.send('POST', '/v1/resolve', { cluster: 'us-east-prod', images });
  expect(status).toBe(200);
  expect(body.items).toMatchObject([
    { code: 'forbidden', status: 403 },
    { registry: 'singapore' },
    { code: 'validation_failed', status: 400 },
  ]);
  const none = await ci.send('POST', '/v1/resolve', { cluster: 'us-east-prod', images: ['team/other:1'] });
  expect([none.status, none.body.code]).toEqual([403, 'forbidden']);
});

test("a cluster's token says by itself which cluster asks", async () => {
  const api = apiOf('cluster');
  expect((await api.send('GET', '/v1/resolve?image=team/app:1')).body).toMatchObject({ registry: 'singapore' });
  const many = await api.send('POST', '/v1/resolve', { images: ['team/app:1'] });
  expect(many.body).toMatchObject({ items: [{ registry: 'singapore' }] });
  expect((await apiOf('ops').send('GET', '/v1/resolve?image=team/app:1')).status).toBe(400);
  expect((await api.fetch('/v2/team/app/manifests/1')).status).toBe(200);
});

test('who chose is the name of the token, whatever else the request says', async () => {
  const ops = await service.api.withToken({ role: 'ops', name: 'mei' });
  const answer = await ops.send(
    'PUT',
    '/v1/images/team%2Fapp/choice',
    { registry: 'singapore' },
    { 'x-entrepot-user': 'admin' },
  );
  expect(answer.body).toMatchObject({ who: 'mei' });
});

test('a token of the door that was given for a token that is revoked since is not one any more', async () => {
  const ci = await service.api.withToken({ role: 'ci', name: 'short-lived', images });
  const basic = `Basic ${Buffer.from(`ci:${ci.token}`).toString('base64')}`;
  const answer = await ci.fetch('/v2/token?scope=repository:team/app:pull', { headers: { authorization: basic } });
  const { token } = (await answer.json()) as { token: string };
  const path = '/v2/team/app/manifests/1';
  expect((await service.api.as(token).fetch('/v2/')).status).toBe(200);
  expect((await service.api.as(token).fetch(path)).status).toBe(200);
  const { items } = (await service.api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
  await service.api.send('DELETE', `/v1/tokens/${items.find(({ name }) => name === 'short-lived')?.id}`);
  for (const each of ['/v2/', path]) {
    const gone = await service.api.as(token).fetch(each);
    expect([gone.status, gone.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
  }
});

test('a name that is spelt with a cluster twice is another name', async () => {
  const path = '/v2/cluster.us-east-prod/cluster.us-east-prod/team/app/manifests/1';
  expect((await apiOf('ci').fetch(path)).status).toBe(403);
  expect((await apiOf('ci of images that are spelt like a cluster').fetch(path)).status).toBe(404);
});
