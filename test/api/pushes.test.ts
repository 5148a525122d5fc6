import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { fakeServices } from './api-fakes.ts';
import { AT, livePush } from './samples.ts';
import { send } from './send.ts';

const NEW = { image: 'team/app:1.2.3', source: 'harbor/team/app:1.2.3' };
const TAR = { 'content-type': 'application/x-tar' };

function open() {
  const services = fakeServices();
  return { services, app: openApi(services) };
}

describe('POST /v1/pushes', () => {
  it('accepts a release and answers the whole push', async () => {
    const { app, services } = open();
    const { status, headers, body } = await send(app, 'POST', '/v1/pushes', NEW);
    expect([status, headers.get('location')]).toEqual([202, '/v1/pushes/push_1']);
    expect(services.pushes.requests).toEqual([
      { name: 'team/app', tag: '1.2.3', source: NEW.source, requestId: expect.any(String) },
    ]);
    expect(Object.keys(body)).toEqual(
      expect.arrayContaining([
        'id',
        'image',
        'name',
        'tag',
        'digest',
        'source',
        'state',
        'unchanged',
        'createdAt',
        'finishedAt',
        'bytesTotal',
        'bytesLanded',
        'labels',
        'transfers',
        'links',
      ]),
    );
    expect(body).toMatchObject({
      image: 'team/app:1.2.3',
      createdAt: '2026-03-01T08:15:30.250Z',
      finishedAt: null,
      links: { self: '/v1/pushes/push_1', events: '/v1/pushes/push_1/events' },
    });
    const [transfer] = body.transfers as Record<string, unknown>[];
    expect(Object.keys(transfer ?? {})).toEqual(
      expect.arrayContaining([
        'registry',
        'role',
        'state',
        'digest',
        'blobsTotal',
        'blobsDone',
        'bytesTotal',
        'bytesSent',
        'bytesSavedPresent',
        'bytesSavedMounted',
        'bytesResent',
        'rate',
        'expectedAt',
        'attempts',
        'nextAttemptAt',
        'placedAt',
        'error',
      ]),
    );
    expect(transfer).not.toHaveProperty('leaseOwner');
  });

  it('hands on everything that was asked for', async () => {
    const { app, services } = open();
    const asked = {
      ...NEW,
      targets: ['singapore'],
      platforms: ['linux/amd64'],
      referrers: false,
      labels: { commit: '4f2' },
      priority: 'urgent',
      deadline: '2h',
    };
    expect((await send(app, 'POST', '/v1/pushes', asked)).status).toBe(202);
    const { image: _image, deadline: _deadline, ...rest } = asked;
    expect(services.pushes.requests).toEqual([
      { ...rest, name: 'team/app', tag: '1.2.3', deadlineMs: 7_200_000, requestId: expect.any(String) },
    ]);
  });

  it('takes an instant as the deadline', async () => {
    const services = fakeServices({ clock: { nowMs: () => AT, elapsedMs: () => 0, sleep: async () => {} } });
    const app = openApi(services);
    const at = (ms: number) => send(app, 'POST', '/v1/pushes', { ...NEW, deadline: new Date(AT + ms).toISOString() });
    expect((await at(60_000)).status).toBe(202);
    expect(services.pushes.requests[0]?.deadlineMs).toBe(60_000);
    expect((await at(-1)).body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'deadline' }] });
  });

  it.each([
    [{ source: 'h/a' }, 'image'],
    [{ ...NEW, image: 'team/app' }, 'image'],
    [{ ...NEW, image: `team/app@sha256:${'a'.repeat(64)}` }, 'image'],
    [{ ...NEW, image: 'Team/App:1' }, 'image'],
    [{ image: NEW.image }, 'source'],
    [{ ...NEW, source: '' }, 'source'],
    [{ ...NEW, targets: [] }, 'targets'],
    [{ ...NEW, targets: ['a', 'a'] }, 'targets'],
    [{ ...NEW, targets: 'singapore' }, 'targets'],
    [{ ...NEW, platforms: ['linux'] }, 'platforms[0]'],
    [{ ...NEW, referrers: 'yes' }, 'referrers'],
    [{ ...NEW, labels: { '-a': 'b' } }, 'labels.-a'],
    [{ ...NEW, labels: { a: 1 } }, 'labels.a'],
    [{ ...NEW, labels: { a: 'x'.repeat(257) } }, 'labels.a'],
    [{ ...NEW, labels: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v'])) }, 'labels'],
    [{ ...NEW, priority: 'soon' }, 'priority'],
    [{ ...NEW, deadline: 'tomorrow' }, 'deadline'],
    [{ ...NEW, deadline: '10ms' }, 'deadline'],
    [{ ...NEW, imgae: 'x' }, 'imgae'],
    [{ ...NEW, ['__proto__']: {} }, '__proto__'],
    ['team/app', ''],
    [null, ''],
  ])('refuses %j and names %s', async (body, path) => {
    const { app, services } = open();
    const answer = await send(app, 'POST', '/v1/pushes', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toMatchObject([{ path, detail: expect.any(String) }]);
    expect(services.pushes.requests).toEqual([]);
  });

  it.each([
    ['text/plain', '{}', 400, 'validation_failed'],
    ['application/json', '{"image":', 400, 'validation_failed'],
    ['application/json', '', 400, 'validation_failed'],
    ['application/json', new Uint8Array([0x22, 0xff, 0x22]), 400, 'validation_failed'],
    ['application/json', `"${'x'.repeat(2 ** 20)}"`, 413, 'body_too_large'],
  ])('refuses a body of %s', async (type, body, status, code) => {
    const response = await open().app.request('/v1/pushes', {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it('refuses a declared length over the limit before it reads', async () => {
    const { app } = open();
    const headers = { 'content-type': 'application/json', 'content-length': '2000000' };
    expect((await app.request('/v1/pushes', { method: 'POST', body: '{}', headers })).status).toBe(413);
    const archive = await app.request('/v1/pushes?image=team/app:1', {
      method: 'POST',
      body: 'x',
      headers: { ...TAR, 'content-length': '1000001' },
    });
    expect(archive.status).toBe(413);
  });

  it('lands an archive with its options from the query', async () => {
    const { app, services } = open();
    const query =
      'image=team%2Fapp:1&targets=singapore&targets=korea&platforms=linux/amd64,linux/arm64&labels=a=b=c&labels=d=&referrers=false';
    const response = await app.request(`/v1/pushes?${query}`, { method: 'POST', body: 'tar bytes', headers: TAR });
    expect(response.status).toBe(202);
    expect(services.pushes.archives).toEqual([Buffer.from('tar bytes')]);
    expect(services.pushes.requests).toEqual([
      {
        name: 'team/app',
        tag: '1',
        targets: ['singapore', 'korea'],
        platforms: ['linux/amd64', 'linux/arm64'],
        labels: { a: 'b=c', d: '' },
        referrers: false,
        requestId: expect.any(String),
      },
    ]);
  });

  it.each([
    '',
    '?image=team/app',
    '?image=team/app:1&source=x',
    '?image=team/app:1&image=team/app:2',
    '?image=team/app:1&labels=x',
  ])('refuses an archive with the query "%s"', async (query) => {
    const { app, services } = open();
    expect((await app.request(`/v1/pushes${query}`, { method: 'POST', body: 'x', headers: TAR })).status).toBe(400);
    expect(services.pushes.requests).toEqual([]);
  });

  it('gives the same request the same hash, whatever the order of its fields', async () => {
    const { app, services } = open();
    const key = { 'idempotency-key': 'build-7' };
    await send(app, 'POST', '/v1/pushes', { ...NEW, labels: { a: '1', b: '2' } }, key);
    await send(app, 'POST', '/v1/pushes', { labels: { b: '2', a: '1' }, source: NEW.source, image: NEW.image }, key);
    await send(app, 'POST', '/v1/pushes', { ...NEW, labels: { a: '1', b: '3' } }, key);
    const [first, same, other] = services.pushes.requests.map(({ idempotency }) => idempotency);
    expect(first).toMatchObject({ key: 'build-7', bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(same?.bodyHash).toBe(first?.bodyHash);
    expect(other?.bodyHash).not.toBe(first?.bodyHash);
    expect((first?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(23.9 * 3.6e6);
  });

  it.each(['a b', 'x'.repeat(256), 'é'])('refuses the Idempotency-Key "%s"', async (key) => {
    expect(await send(open().app, 'POST', '/v1/pushes', NEW, { 'idempotency-key': key })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'Idempotency-Key' }] },
    });
  });
});

describe('reading and steering pushes', () => {
  it('lists with filters and cursor', async () => {
    const { app, services } = open();
    services.pushes.live.set('push_1', livePush());
    const { body } = await send(
      app,
      'GET',
      '/v1/pushes?image=team/app:1&state=running&registry=singapore&limit=7&cursor=c',
    );
    expect(body).toMatchObject({ items: [{ id: 'push_1' }], next: 'more' });
    expect(services.pushes.listed).toEqual([
      [
        { image: 'team/app:1', state: 'running', registry: 'singapore' },
        { limit: 7, cursor: 'c' },
      ],
    ]);
    await send(app, 'GET', '/v1/pushes');
    expect(services.pushes.listed[1]).toEqual([{}, { limit: 50 }]);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=ten',
    'limit=',
    'limit=1&limit=2',
    'state=done',
    'cursor=',
    'image=Team',
    'colour=red',
  ])('refuses a list with %s', async (query) => {
    expect((await send(open().app, 'GET', `/v1/pushes?${query}`)).status).toBe(400);
  });

  it('reads one, and waits for it no longer than asked and than ten minutes', async () => {
    const { app, services } = open();
    const waits: number[] = [];
    services.pushes.live.set('push_1', livePush());
    services.pushes.wait = async (id, timeoutMs) => {
      waits.push(timeoutMs);
      return livePush({ id, state: 'placed' });
    };
    expect((await send(app, 'GET', '/v1/pushes/push_1')).body.state).toBe('running');
    expect((await send(app, 'GET', '/v1/pushes/push_1?wait=30s')).body.state).toBe('placed');
    await send(app, 'GET', '/v1/pushes/push_1?wait=3h');
    expect(waits).toEqual([30_000, 600_000]);
    expect((await send(app, 'GET', '/v1/pushes/push_1?wait=soon')).status).toBe(400);
    expect((await send(app, 'GET', '/v1/pushes/nope')).body.code).toBe('push_unknown');
  });

  it('answers a wait with the push as it is when the service stops', async () => {
    const { app, services } = open();
    services.pushes.live.set('push_1', livePush());
    const waiting = Promise.withResolvers<void>();
    services.pushes.wait = (_id, _timeoutMs, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        waiting.resolve();
      });
    const closing = new AbortController();
    const answer = app.request('/v1/pushes/push_1?wait=5m', {}, { closing: closing.signal });
    await waiting.promise;
    closing.abort();
    expect((await answer).status).toBe(200);
    expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
  });

  it('cancels and retries', async () => {
    const { app, services } = open();
    services.pushes.live.set('push_1', livePush());
    expect((await send(app, 'POST', '/v1/pushes/push_1/cancel')).status).toBe(200);
    expect(await send(app, 'POST', '/v1/pushes/push_1/retry')).toMatchObject({
      status: 409,
      body: { code: 'already_finished' },
    });
    expect((await send(app, 'POST', '/v1/pushes/nope/retry')).status).toBe(404);
  });
});
