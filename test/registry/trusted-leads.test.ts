import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import { openHttpClient } from '../../src/net/open-http-client.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openRegistryClient } from '../../src/registry/open-registry-client.ts';
import { trustLeads } from '../../src/registry/trusted-leads.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer } from '../net/scripted-server.ts';
import { TEST_CA } from '../net/tls-fixture.ts';
import { APP, basic, openTestClient, TAG } from './test-client.ts';

const NO_BLOB = digestOf(Buffer.from('no blob'));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error.code;
  }
  return 'no failure';
}

describe('trustLeads', () => {
  const https = trustLeads({ url: 'https://registry.example', internal: false });
  it('resolves relative locations against what was asked', () => {
    expect(https.resolve('../x?a=%20b', 'https://registry.example/v2/a/b').href).toBe(
      'https://registry.example/v2/x?a=%20b',
    );
    expect(https.resolve('//other.example/x', 'https://registry.example/v2/').href).toBe('https://other.example/x');
  });

  it('does not go from https to http, or to what is not HTTP, unless configured', () => {
    expect(codeOf(() => https.resolve('http://registry.example/x', 'https://registry.example/'))).toBe(
      'address_forbidden',
    );
    expect(codeOf(() => https.resolve('file:///etc/passwd', 'https://registry.example/'))).toBe('remote_unexpected');
    expect(codeOf(() => https.resolve('http://', 'https://registry.example/'))).toBe('remote_unexpected');
    const internal = trustLeads({ url: 'https://registry.example', internal: true });
    expect(internal.resolve('http://storage.internal/x', 'https://registry.example/').href).toBe(
      'http://storage.internal/x',
    );
    const plain = trustLeads({ url: 'http://registry.example', internal: false });
    expect(plain.resolve('http://storage.example/x', 'http://registry.example/').protocol).toBe('http:');
  });

  it.each([
    ['https://registry.example', false, 'https://storage.example', true],
    ['https://registry.example', false, 'https://registry.example/x', false],
    ['https://registry.example', false, 'https://registry.example:8443/x', true],
    ['https://registry.example', true, 'https://storage.example', false],
    ['http://127.0.0.1:5000', false, 'http://127.0.0.1:6000', false],
    ['http://localhost:5000', false, 'http://127.0.0.1:6000', false],
  ])('%s (internal %s) checks the address of %s: %s', (url, internal, lead, expected) => {
    expect(trustLeads({ url, internal }).mustGuard(new URL(lead))).toBe(expected);
  });

  it('checks the address of an endpoint that a pattern matched, unless it is for hosts within', () => {
    const url = 'https://web.ci.example';
    expect(trustLeads({ url, internal: false, matched: true }).mustGuard(new URL(url))).toBe(true);
    expect(trustLeads({ url, internal: true, matched: true }).mustGuard(new URL(url))).toBe(false);
    const local = 'http://web.localhost';
    expect(trustLeads({ url: local, internal: false, matched: true }).mustGuard(new URL(local))).toBe(true);
  });
});

describe('an https registry', () => {
  it('gets nobody asked over plain http, whether by a redirect or as token server', async () => {
    await using inner = await openScriptedServer((_request, response) => response.end('{"token":"stolen"}'));
    await using outer = await openScriptedServer(
      (request, response) => {
        if (request.url?.includes('/blobs/') === true) response.writeHead(307, { location: inner.url }).end();
        else response.writeHead(401, { 'www-authenticate': `Bearer realm="${inner.url}/token"` }).end();
      },
      { tls: true },
    );
    await using client = openTestClient(outer.url, { credentials: basic('u', 'p'), http: { ca: TEST_CA } });
    expect(await failureOf(client.getManifest(APP, TAG))).toMatchObject({ code: 'address_forbidden' });
    expect(await failureOf(client.openBlob(APP, NO_BLOB))).toMatchObject({ code: 'address_forbidden' });
    expect(inner.connections()).toBe(0);
  });
});

describe('the mark on requests', () => {
  it('is set for redirects and token servers of other hosts, and for nothing else', async () => {
    const asked: [string, boolean][] = [];
    await using server = await openScriptedServer((request, response) => {
      if (request.url?.startsWith('/storage') === true) response.end('blob');
      else if (request.url?.startsWith('/token') === true) response.end('{"token":"t"}');
      else if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://auth.example/token"' }).end();
      else response.writeHead(307, { location: 'http://storage.example/storage' }).end();
    });
    const real = openHttpClient();
    const client = openRegistryClient({
      endpoint: { url: 'http://registry.example', internal: false },
      credentials: { get: async () => ({ kind: 'none' }) },
      // The names are led to the scripted server here, as a resolver would.
      http: {
        request: async (request) => {
          const url = new URL(request.url);
          asked.push([url.host, request.ledByRemote === true]);
          const response = await real.request({
            ...request,
            ledByRemote: false,
            url: `${server.url}${url.pathname}${url.search}`,
          });
          return { ...response, url: request.url };
        },
        close: () => real.close(),
      },
    });
    const blob = await client.openBlob(APP, NO_BLOB);
    for await (const _chunk of blob?.body ?? []);
    await client.close();
    expect(asked).toEqual([
      ['registry.example', false],
      ['auth.example', true],
      ['registry.example', false],
      ['storage.example', true],
    ]);
  });
});
