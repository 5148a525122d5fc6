import { afterEach, describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { RequestIds } from '../../src/api/request-ids.ts';
import { resolveShortcut } from '../../src/api/resolve-shortcut.ts';
import { type HttpApp, type HttpListener, type HttpShortcut, listenHttp } from '../../src/api/serve.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { fakeServices } from './api-fakes.ts';

const open: HttpListener[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close(0)));
});

async function listen(app: HttpApp, shortcut?: HttpShortcut): Promise<string> {
  const listener = await listenHttp({
    app,
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    ...(shortcut === undefined ? {} : { shortcut }),
  });
  open.push(listener);
  return listener.url;
}

/** The same service by both ways, and how often the app was asked on the one with the shortcut. */
async function openBoth() {
  const services = fakeServices();
  const ids = new RequestIds();
  const app = openApi(services, ids);
  let asked = 0;
  const counting: HttpApp = {
    fetch: (request, bindings) => {
      asked += 1;
      return app.fetch(request, bindings);
    },
  };
  return {
    long: await listen(app),
    short: await listen(counting, resolveShortcut({ ...services, ids })),
    appsTurns: () => asked,
  };
}

async function ask(url: string, path: string, init: RequestInit) {
  const answer = await fetch(url + path, init);
  const headers = Object.fromEntries(answer.headers);
  delete headers.date;
  const body = await answer.text();
  // Each question has its own id.
  const named = { ...headers, 'x-request-id': headers['x-request-id']?.replace(/^[0-9a-f]{12}-\w+$/, 'own') };
  return { status: answer.status, headers: named, body: body.replaceAll(/"requestId":"[^"]*"/g, '') };
}

const IMAGE = 'team/app:1.2.3';

describe('the short way to an answer of resolve', () => {
  it.each<[string, string, RequestInit]>([
    ['image and cluster', `?image=${IMAGE}&cluster=us-east-prod`, {}],
    ['the other way round', `?cluster=us-east-prod&image=${IMAGE}`, {}],
    ['as text', `?image=${IMAGE}&cluster=us-east-prod`, { headers: { accept: 'text/plain' } }],
    ['with an id of the caller', `?image=${IMAGE}&cluster=us-east-prod`, { headers: { 'x-request-id': 'mine' } }],
    ['with an id that is none', `?image=${IMAGE}&cluster=us-east-prod`, { headers: { 'x-request-id': 'a b' } }],
    ['by digest', `?image=team/app@sha256:${'a'.repeat(64)}&cluster=us-east-prod`, {}],
  ])('%s is answered there, exactly as the long way would', async (_, query, init) => {
    const { long, short, appsTurns } = await openBoth();
    const answer = await ask(short, `/v1/resolve${query}`, init);
    expect(answer.status).toBe(200);
    expect(appsTurns()).toBe(0);
    expect(answer).toEqual(await ask(long, `/v1/resolve${query}`, init));
  });

  it.each<[string, string, RequestInit]>([
    ['an encoded image', `?image=${encodeURIComponent(IMAGE)}&cluster=us-east-prod`, {}],
    ['a wait', `?image=${IMAGE}&cluster=us-east-prod&wait=1s`, {}],
    ['an unknown cluster', `?image=${IMAGE}&cluster=nowhere`, {}],
    ['an unknown image', '?image=team/none:1&cluster=us-east-prod', {}],
    ['nothing placed', '?image=team/pending:1&cluster=us-east-prod', {}],
    ['no cluster', `?image=${IMAGE}`, {}],
    ['no image', '?image=&cluster=us-east-prod', {}],
    ['an image twice', `?image=${IMAGE}&image=${IMAGE}`, {}],
    ['a field that is none', `?image=${IMAGE}&colour=red`, {}],
    ['an image that is too long', `?image=${'a'.repeat(2_000)}&cluster=us-east-prod`, {}],
    ['another method', `?image=${IMAGE}&cluster=us-east-prod`, { method: 'DELETE' }],
    ['only the head', `?image=${IMAGE}&cluster=us-east-prod`, { method: 'HEAD' }],
    ['no query', '', {}],
  ])('%s goes the long way', async (_, query, init) => {
    const { long, short, appsTurns } = await openBoth();
    const answer = await ask(short, `/v1/resolve${query}`, init);
    expect(appsTurns()).toBe(1);
    expect(answer).toEqual(await ask(long, `/v1/resolve${query}`, init));
  });

  it('a defect there ends in the app, which knows how to say it', async () => {
    const services = fakeServices();
    const app: HttpApp = { fetch: () => new Response('the app', { status: 500 }) };
    const resolver = {
      resolve: () => {
        throw new TypeError('a defect');
      },
    };
    const url = await listen(app, resolveShortcut({ ...services, resolver, ids: new RequestIds() }));
    const answer = await ask(url, `/v1/resolve?image=${IMAGE}&cluster=us-east-prod`, {});
    expect([answer.status, answer.body]).toEqual([500, 'the app']);
  });
});
