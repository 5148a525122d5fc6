import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { prefersText } from '../../src/api/prefers-text.ts';
import { fakeServices } from './api-fakes.ts';
import { DIGEST } from './samples.ts';
import { send } from './send.ts';

const QUERY = '/v1/resolve?image=team/app:1.2.3&cluster=us-east-prod';

function open() {
  const services = fakeServices();
  return { services, app: openApi(services) };
}

describe('GET /v1/resolve', () => {
  it('answers in the shape of the contract', async () => {
    const { app, services } = open();
    const { status, body } = await send(app, 'GET', QUERY);
    expect(status).toBe(200);
    expect(body).toEqual({
      reference: `singapore.example/team/app@${DIGEST}`,
      registry: 'singapore',
      region: 'ap-southeast-1',
      digest: DIGEST,
      sourceDigest: DIGEST,
      tag: '1.2.3',
      state: 'chosen',
      reason: null,
      choice: { registry: 'singapore', revision: 2 },
      verifiedAt: '2026-03-01T08:15:30.250Z',
      asOf: '2026-03-01T08:15:30.250Z',
      push: null,
      alternatives: [
        { reference: 'r', registry: 'korea', region: 'ap-northeast-2', verifiedAt: '2026-03-01T08:15:30.250Z' },
      ],
    });
    expect(services.resolver.asked).toEqual([{ image: 'team/app:1.2.3', cluster: 'us-east-prod' }]);
  });

  it('answers the bare reference as text', async () => {
    const { headers, text } = await send(open().app, 'GET', QUERY, undefined, { accept: 'text/plain' });
    expect([headers.get('content-type'), text]).toEqual([
      'text/plain; charset=utf-8',
      `singapore.example/team/app@${DIGEST}\n`,
    ]);
  });

  it.each([
    [undefined, false],
    ['*/*', false],
    ['application/json', false],
    ['text/plain', true],
    ['text/*', true],
    ['text/html', false],
    ['text/plain, */*', true],
    ['application/json, text/plain', false],
    ['application/json;q=0.5, text/plain', true],
    ['text/plain;q=0, application/json', false],
  ])('%s wants text: %s', (accept, expected) => {
    expect(prefersText(accept)).toBe(expected);
  });

  it.each([
    'image=team/app:1',
    'cluster=us-east-prod',
    'image=&cluster=c',
    'image=a:1&image=b:1&cluster=c',
    'image=a:1&cluster=c&x=1',
    'image=a:1&cluster=c&wait=x',
    'image=a:1&x=1',
    '',
  ])('refuses ?%s', async (query) => {
    const { app, services } = open();
    expect(await send(app, 'GET', `/v1/resolve?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect(services.resolver.asked).toEqual([]);
  });

  it('passes on what the resolver says, with the push that is on its way', async () => {
    const { app } = open();
    expect((await send(app, 'GET', '/v1/resolve?image=a:1&cluster=us-east-prod')).body.code).toBe('image_unknown');
    expect((await send(app, 'GET', '/v1/resolve?image=team/app:1&cluster=mars')).status).toBe(404);
    expect(await send(app, 'GET', '/v1/resolve?image=team/pending:1&cluster=us-east-prod')).toMatchObject({
      status: 409,
      body: { code: 'not_placed', push: 'push_9' },
    });
  });

  it('waits when asked, and answers what is true when the service stops', async () => {
    const { app, services } = open();
    const waits: number[] = [];
    const waiting = Promise.withResolvers<void>();
    services.resolver.wait = (timeoutMs, signal) => {
      waits.push(timeoutMs);
      if (waits.length === 1) return Promise.resolve();
      waiting.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    expect((await send(app, 'GET', `${QUERY}&wait=60s`)).status).toBe(200);
    const closing = new AbortController();
    const stopped = app.request(`${QUERY}&wait=20m`, {}, { closing: closing.signal });
    await waiting.promise;
    closing.abort();
    expect((await stopped).status).toBe(200);
    expect(waits).toEqual([60_000, 600_000]);
  });
});

describe('POST /v1/resolve', () => {
  it('answers each image or says why not, in order', async () => {
    const { status, body } = await send(open().app, 'POST', '/v1/resolve', {
      cluster: 'us-east-prod',
      images: ['team/app:1', 'nope:1', 'team/pending:1', 'Bad'],
    });
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { registry: 'singapore', state: 'chosen' },
      { status: 404, code: 'image_unknown', instance: '/v1/resolve' },
      { status: 409, code: 'not_placed', push: 'push_9' },
      { status: 400, code: 'validation_failed' },
    ]);
  });

  it('refuses an unknown cluster as a whole, and lists that are empty or endless', async () => {
    const { app } = open();
    expect((await send(app, 'POST', '/v1/resolve', { cluster: 'mars', images: ['a:1'] })).body.code).toBe(
      'cluster_unknown',
    );
    for (const images of [[], Array.from({ length: 501 }, () => 'a:1')])
      expect((await send(app, 'POST', '/v1/resolve', { cluster: 'cn-prod', images })).status).toBe(400);
  });
});
