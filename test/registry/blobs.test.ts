import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer } from '../net/scripted-server.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { APP, basic, openTestClient, readAll } from './test-client.ts';

const IMAGE = makeImage({ layers: [{ size: 200_000 }], emptyLayer: true });
const BLOB = IMAGE.blobs.find((blob) => blob.bytes.byteLength === 200_000) ?? {
  digest: digestOf(Buffer.from('')),
  bytes: Buffer.from(''),
};
const AUTH = { kind: 'basic', username: 'ci', password: 'pa:ss' } as const;
const MISSING = digestOf(Buffer.from('never pushed'));

describe('a blob', () => {
  it('is opened whole, from an offset, and up to an end', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    const whole = await client.openBlob(APP, BLOB.digest);
    expect(whole).toMatchObject({ startsAt: 0, sizeBytes: 200_000 });
    expect(await readAll(whole?.body ?? [])).toEqual(BLOB.bytes);
    const rest = await client.openBlob(APP, BLOB.digest, { offset: 150_000 });
    expect(rest).toMatchObject({ startsAt: 150_000, sizeBytes: 200_000 });
    expect(await readAll(rest?.body ?? [])).toEqual(BLOB.bytes.subarray(150_000));
    const part = await client.openBlob(APP, BLOB.digest, { offset: 10, endInclusive: 19 });
    expect(await readAll(part?.body ?? [])).toEqual(BLOB.bytes.subarray(10, 20));
    expect(registry.requests.map((request) => request.headers.range)).toEqual([
      undefined,
      'bytes=150000-',
      'bytes=10-19',
    ]);
    expect(registry.requests.every((request) => request.headers['accept-encoding'] === 'identity')).toBe(true);
  });

  it('starts at 0 where the registry ignores ranges', async () => {
    await using registry = await openTestRegistry({ ranges: false });
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    const blob = await client.openBlob(APP, BLOB.digest, { offset: 5 });
    expect(blob?.startsAt).toBe(0);
    expect(await readAll(blob?.body ?? [])).toEqual(BLOB.bytes);
  });

  it('that is not there is undefined, and a range behind its end is refused', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    expect(await client.openBlob(APP, MISSING)).toBeUndefined();
    expect(await client.headBlob(APP, MISSING)).toBeUndefined();
    expect(await failureOf(client.openBlob(APP, BLOB.digest, { offset: 300_000 }))).toMatchObject({
      code: 'range_refused',
    });
  });

  it('that breaks off says so to who reads it', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    registry.failNext('GET', { truncate: 100_000 });
    const blob = await client.openBlob(APP, BLOB.digest);
    expect(await failureOf(readAll(blob?.body ?? []))).toMatchObject({ code: 'connection_lost' });
  });

  it('is followed to its storage with the range and without credentials', async () => {
    await using registry = await openTestRegistry({ auth: AUTH, redirectBlobs: true });
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url, { credentials: basic(AUTH.username, AUTH.password) });
    const blob = await client.openBlob(APP, BLOB.digest, { offset: 100 });
    expect(await readAll(blob?.body ?? [])).toEqual(BLOB.bytes.subarray(100));
    const atStorage = registry.requests.filter((request) => request.path.startsWith('/blob-origin'));
    expect(atStorage.map(({ headers }) => [headers.authorization, headers.range])).toEqual([[undefined, 'bytes=100-']]);
  });

  it('is deleted, once', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    expect([await client.deleteBlob(APP, BLOB.digest), await client.deleteBlob(APP, BLOB.digest)]).toEqual([
      true,
      false,
    ]);
  });
});

describe('headBlob', () => {
  it('tells the size', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    expect(await client.headBlob(APP, BLOB.digest)).toEqual({ sizeBytes: 200_000 });
    expect(await client.headBlob(APP, digestOf(Buffer.from('')))).toEqual({ sizeBytes: 0 });
    expect(registry.requests.every((request) => request.method === 'HEAD')).toBe(true);
  });

  it.each([
    ['is redirected to an address signed for GET', 307, { location: '/storage' }],
    ['tells no size', 200, {}],
    ['is not known', 405, {}],
  ])('asks with GET for the first byte where HEAD %s', async (_name, status, headers) => {
    await using server = await openScriptedServer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(request.url === '/storage' ? 403 : status, headers).end();
      else if (request.url !== '/storage' && status === 307) response.writeHead(307, headers).end();
      else if (request.headers.range === 'bytes=0-0')
        response.writeHead(206, { 'content-range': 'bytes 0-0/12345', 'content-length': '1' }).end('x');
      else response.writeHead(500).end();
    });
    await using client = openTestClient(server.url);
    expect(await client.headBlob(APP, BLOB.digest)).toEqual({ sizeBytes: 12_345 });
  });

  it('knows an empty blob by the range that cannot be', async () => {
    await using server = await openScriptedServer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(405).end();
      else response.writeHead(416, { 'content-range': 'bytes */0' }).end();
    });
    await using client = openTestClient(server.url);
    expect(await client.headBlob(APP, BLOB.digest)).toEqual({ sizeBytes: 0 });
  });
});

describe('an answer that is no blob', () => {
  it.each([
    [200, { 'content-type': 'text/html; charset=utf-8' }, 0],
    [206, { 'content-range': 'bytes 0-1/2' }, 0],
    [206, {}, 5],
    [206, { 'content-range': 'bytes 7-8/9' }, 5],
    [204, {}, 0],
  ])('%i %j at offset %i is remote_unexpected', async (status, headers, offset) => {
    await using server = await openScriptedServer((_request, response) => response.writeHead(status, headers).end());
    await using client = openTestClient(server.url);
    expect(await failureOf(client.openBlob(APP, BLOB.digest, { offset }))).toMatchObject({ code: 'remote_unexpected' });
  });
});

describe('a redirect', () => {
  it('is followed five times and not a sixth', async () => {
    let left = 5;
    await using server = await openScriptedServer((_request, response) => {
      left -= 1;
      if (left < 0) response.end('there');
      else response.writeHead(302, { location: `hop${left}` }).end();
    });
    await using client = openTestClient(server.url);
    expect((await readAll((await client.openBlob(APP, BLOB.digest))?.body ?? [])).toString()).toBe('there');
    left = 6;
    expect(await failureOf(client.openBlob(APP, BLOB.digest))).toMatchObject({
      code: 'remote_unexpected',
      message: expect.stringContaining('more than 5 times'),
    });
  });

  it('drops credentials when it leaves and does not send them again when it comes back', async () => {
    const seen: [string, string | undefined][] = [];
    await using home = await openScriptedServer((request, response) => {
      seen.push([`home ${request.url}`, request.headers.authorization]);
      if (request.headers.authorization === undefined && request.url !== '/back')
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (request.url === '/back') response.end('blob');
      else if (request.url === '/inside') response.writeHead(307, { location: away.url }).end();
      else response.writeHead(307, { location: '/inside' }).end();
    });
    await using away = await openScriptedServer((request, response) => {
      seen.push(['away', request.headers.authorization]);
      response.writeHead(307, { location: `${home.url}/back` }).end();
    });
    await using client = openTestClient(home.url, { credentials: basic('u', 'p') });
    await readAll((await client.openBlob(APP, BLOB.digest))?.body ?? []);
    const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect(seen.slice(1)).toEqual([
      [`home /v2/team/app/blobs/${BLOB.digest}`, authorization],
      ['home /inside', authorization],
      ['away', undefined],
      ['home /back', undefined],
    ]);
  });

  it('does not authenticate to a host that it leads to', async () => {
    await using away = await openScriptedServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' }).end(),
    );
    let seen = 0;
    await using home = await openScriptedServer((_request, response) => {
      seen += 1;
      response.writeHead(307, { location: away.url }).end();
    });
    await using client = openTestClient(home.url, { credentials: basic('u', 'p') });
    expect(await failureOf(client.openBlob(APP, BLOB.digest))).toMatchObject({ code: 'remote_unauthenticated' });
    expect([seen, away.connections()]).toEqual([1, 1]);
  });
});
