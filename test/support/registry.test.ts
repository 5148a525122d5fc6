import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { ask, errorCode, locationOf, openSession } from '../api/v2/client.ts';
import { eventually } from './eventually.ts';
import { openTestRegistry } from './registry.ts';
import { pushImage, seedImage } from './seed-image.ts';
import { makeBytes, makeImage } from './test-image.ts';

const BYTES = makeBytes(100_000, 'registry test');
const DIGEST = digestOf(BYTES);
const IMAGE = makeImage({ layers: [{ bytes: BYTES }] });
const BLOB = `/v2/team/app/blobs/${DIGEST}`;

async function openSeeded(options: Parameters<typeof openTestRegistry>[0] = {}) {
  const registry = await openTestRegistry(options);
  await seedImage(registry, 'team/app', 'v1', IMAGE);
  return registry;
}

describe('the log', () => {
  it('holds every request with its status and the bytes of both bodies', async () => {
    await using registry = await openSeeded();
    await ask(`${registry.url}${BLOB}`, 'GET');
    await ask(`${registry.url}/v2/team/app/blobs/uploads/?digest=${DIGEST}`, 'POST', { body: BYTES });
    expect(registry.requests).toMatchObject([
      { method: 'GET', path: BLOB, status: 200, bytesIn: 0, bytesOut: 100_000 },
      { method: 'POST', status: 201, bytesIn: 100_000, bytesOut: 0 },
    ]);
    expect([registry.count('GET'), registry.count('GET', /uploads/), registry.count('POST', /uploads/)]).toEqual([
      1, 0, 1,
    ]);
    expect(() => registry.expectOnly(/^GET .*\/blobs\//, /^POST /)).not.toThrow();
    expect(() => registry.expectOnly(/^GET /)).toThrow(/not expected: POST/);
    registry.forgetRequests();
    expect(registry.requests).toEqual([]);
  });
});

describe('a fault', () => {
  it('that does not happen fails the close', async () => {
    const registry = await openTestRegistry();
    registry.failNext('PUT', { status: 500 });
    await expect(registry.close()).rejects.toThrow(/did not happen.*PUT.*500/);
  });

  it('that happens less often than asked fails the close too', async () => {
    const registry = await openSeeded();
    registry.failNext('GET', { status: 500, times: 2 });
    await ask(`${registry.url}${BLOB}`, 'GET');
    await expect(registry.close()).rejects.toThrow(/1 more/);
  });

  it('whose bytes never came fails the close too', async () => {
    const registry = await openSeeded();
    registry.failNext('GET', { reset: true, afterBytes: 1_000_000 });
    expect((await ask(`${registry.url}${BLOB}`, 'GET')).status).toBe(200);
    await expect(registry.close()).rejects.toThrow(/did not happen/);
  });

  it('strikes the requests it names, as often as it says', async () => {
    await using registry = await openSeeded();
    registry.failNext('*', {
      path: /blobs/,
      status: 503,
      retryAfter: 7,
      times: 2,
      skip: 1,
      body: '<html>',
      contentType: 'text/html',
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1)
      statuses.push((await ask(`${registry.url}${BLOB}`, i === 1 ? 'HEAD' : 'GET')).status);
    expect((await ask(`${registry.url}/v2/`, 'GET')).status).toBe(200);
    expect(statuses).toEqual([200, 503, 503, 200]);
  });

  it('answers with its own words', async () => {
    await using registry = await openSeeded();
    registry.failNext('GET', { status: 429, retryAfter: 1, body: 'slow down', headers: { 'x-more': 'yes' } });
    expect(await ask(`${registry.url}${BLOB}`, 'GET')).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1', 'x-more': 'yes' },
      body: Buffer.from('slow down'),
    });
  });

  it.each([
    { reset: true },
    { reset: true, afterBytes: 50_000 },
    { truncate: 50_000 },
    { truncate: 0 },
    { loseAnswer: true },
  ])('%j breaks an answer off', async (fault) => {
    await using registry = await openSeeded();
    registry.failNext('GET', fault);
    await expect(ask(`${registry.url}${BLOB}`, 'GET')).rejects.toThrow();
    expect((await ask(`${registry.url}${BLOB}`, 'GET')).body.equals(BYTES)).toBe(true);
  });

  it('changes one byte of an answer and no more', async () => {
    await using registry = await openSeeded();
    for (const [corrupt, place] of [
      [true, 0],
      [70_000, 70_000],
    ] as const) {
      registry.failNext('GET', { corrupt });
      const { body } = await ask(`${registry.url}${BLOB}`, 'GET');
      const changed = BYTES.findIndex((byte, at) => byte !== body[at]);
      expect([changed, body.subarray(place + 1).equals(BYTES.subarray(place + 1))]).toEqual([place, true]);
    }
  });

  it('keeps a request hanging until somebody gives up', async () => {
    await using registry = await openSeeded();
    for (const fault of [{ stall: true }, { stall: true, afterBytes: 10_000 }]) {
      registry.failNext('GET', fault);
      await expect(
        fetch(`${registry.url}${BLOB}`, { signal: AbortSignal.timeout(150) }).then((answer) => answer.arrayBuffer()),
      ).rejects.toThrow(/timeout/);
    }
  });

  it('loses the answer of a request that was done', async () => {
    await using registry = await openSeeded();
    registry.failNext('POST', { loseAnswer: true });
    await expect(
      ask(`${registry.url}/v2/other/blobs/uploads/?digest=${DIGEST}`, 'POST', { body: BYTES }),
    ).rejects.toThrow();
    expect((await ask(`${registry.url}/v2/other/blobs/${DIGEST}`, 'HEAD')).status).toBe(200);
  });

  it('waits before it answers', async () => {
    await using registry = await openSeeded();
    registry.failNext('GET', { delayMs: 80 });
    const startMs = performance.now();
    expect((await ask(`${registry.url}${BLOB}`, 'GET')).status).toBe(200);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(79);
  });
});

describe('a registry that', () => {
  it('stops is not there, and comes back with what it held', async () => {
    await using registry = await openSeeded();
    await registry.stop();
    await expect(ask(`${registry.url}${BLOB}`, 'GET')).rejects.toThrow(/ECONNREFUSED/);
    await registry.start();
    expect((await ask(`${registry.url}${BLOB}`, 'GET')).body.equals(BYTES)).toBe(true);
  });

  it('ignores ranges gives the whole', async () => {
    await using registry = await openSeeded({ ranges: false });
    expect((await ask(`${registry.url}${BLOB}`, 'GET', { headers: { range: 'bytes=5-' } })).status).toBe(200);
  });

  it.each([
    ['ignore', 202],
    ['deny', 403],
  ] as const)('does not mount (%s) answers %i', async (mounts, status) => {
    await using registry = await openSeeded({ mounts });
    expect((await ask(`${registry.url}/v2/other/blobs/uploads/?mount=${DIGEST}&from=team/app`, 'POST')).status).toBe(
      status,
    );
  });

  it('refuses types of manifests says so', async () => {
    await using registry = await openSeeded({ refuseTypes: ['application/vnd.oci.empty.v1+json'] });
    await expect(pushImage(registry.url, 'a', 'v1', makeImage({ artifact: 'x/y' }))).rejects.toThrow(
      /403.*unknown manifest class for application\/vnd.oci.empty/,
    );
    await pushImage(registry.url, 'a', 'v1', makeImage());
  });

  it('has immutable tags keeps the first', async () => {
    await using registry = await openSeeded({ immutableTags: true });
    await pushImage(registry.url, 'team/app', 'v1', IMAGE);
    await expect(pushImage(registry.url, 'team/app', 'v1', makeImage({ seed: 2 }))).rejects.toThrow(
      /400.*TAG_INVALID.*immutable/,
    );
  });

  it('signs its locations takes back only the latest, letter by letter', async () => {
    await using registry = await openSeeded({ locations: 'state' });
    const first = await openSession(registry.url, 'team/app');
    expect(first).toContain('?_state=a%20b~c*%2A(');
    const patched = await ask(first, 'PATCH', { body: BYTES.subarray(0, 10) });
    const second = locationOf(patched, registry.url);
    expect((await ask(first, 'GET')).status).toBe(404);
    const rewritten = new URL(second);
    rewritten.searchParams.set('digest', DIGEST);
    expect((await ask(rewritten.href, 'PUT', { body: BYTES.subarray(10) })).status).toBe(404);
    expect(
      (await ask(`${second}&digest=${encodeURIComponent(DIGEST)}`, 'PUT', { body: BYTES.subarray(10) })).status,
    ).toBe(201);
  });

  it('forgets sessions whose chunk was cut does not know them any more', async () => {
    await using registry = await openSeeded({ forgetsCutUploads: true });
    const place = await openSession(registry.url, 'team/app');
    registry.failNext('PATCH', { afterBytes: 1_000, reset: true });
    await expect(ask(place, 'PATCH', { body: BYTES })).rejects.toThrow();
    await eventually(async () => (await ask(place, 'GET')).status === 404, { what: 'the session being forgotten' });
  });

  it('is like ECR answers 201 with a range that stays, takes chunks whole or not at all, and names offsets in words', async () => {
    await using registry = await openSeeded({ ecr: true });
    const place = await openSession(registry.url, 'team/app');
    const chunk = (from: number, end: number) =>
      ask(place, 'PATCH', { body: BYTES.subarray(from, end), headers: { 'content-range': `${from}-${end - 1}` } });
    expect(await chunk(0, 10_000)).toMatchObject({ status: 201, headers: { range: '0-9999' } });
    expect(await chunk(10_000, 30_000)).toMatchObject({ status: 201, headers: { range: '0-9999' } });
    registry.failNext('PATCH', { afterBytes: 10_000, reset: true });
    await expect(chunk(30_000, 60_000)).rejects.toThrow();
    const wrong = await chunk(40_000, 60_000);
    expect([wrong.status, wrong.headers.range, errorCode(wrong), wrong.body.toString()]).toEqual([
      416,
      undefined,
      'BLOB_UPLOAD_INVALID',
      expect.stringContaining('30000'),
    ]);
    expect(
      (
        await ask(`${place}?digest=${DIGEST}`, 'PUT', {
          body: BYTES.subarray(30_000),
          headers: { 'content-range': '30000-99999' },
        })
      ).status,
    ).toBe(201);
  });
});
