import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { makeBytes } from '../../support/test-image.ts';
import { ask, errorCode } from './client.ts';

const BYTES = makeBytes(2_000, 'blob');
const DIGEST = digestOf(BYTES);
const EMPTY = digestOf(new Uint8Array());

let registry: TestRegistry;
let blob: string;
beforeAll(async () => {
  registry = await openTestRegistry();
  blob = `${registry.url}/v2/team/app/blobs/${DIGEST}`;
  for (const bytes of [BYTES, new Uint8Array()]) {
    await ask(`${registry.url}/v2/team/app/blobs/uploads/?digest=${digestOf(bytes)}`, 'POST', { body: bytes });
  }
});
afterAll(() => registry.close());

it('is given whole, with what it is', async () => {
  const answer = await ask(blob, 'GET');
  expect(answer).toMatchObject({
    status: 200,
    headers: {
      'content-length': '2000',
      'docker-content-digest': DIGEST,
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
    },
  });
  expect(answer.body.equals(BYTES)).toBe(true);
  expect(await ask(blob, 'HEAD')).toMatchObject({
    status: 200,
    headers: { 'content-length': '2000', 'docker-content-digest': DIGEST },
    body: Buffer.alloc(0),
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=500-1499', 500, 1_500],
    ['bytes=500-', 500, 2_000],
    ['bytes=-500', 1_500, 2_000],
    ['bytes=-5000', 0, 2_000],
    ['bytes=1500-5000', 1_500, 2_000],
    ['bytes=0-0', 0, 1],
    ['bytes=1999-', 1_999, 2_000],
  ])('%s is answered 206', async (range, from, end) => {
    const answer = await ask(blob, 'GET', { headers: { range } });
    expect(answer).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes ${from}-${end - 1}/2000`, 'content-length': String(end - from) },
    });
    expect(answer.body.equals(BYTES.subarray(from, end))).toBe(true);
  });

  it.each(['bytes=2000-', 'bytes=500-0', 'bytes=-0', 'bytes=9007199254740991-'])(
    '%s is answered 416',
    async (range) => {
      expect(await ask(blob, 'GET', { headers: { range } })).toMatchObject({
        status: 416,
        headers: { 'content-range': 'bytes */2000' },
      });
    },
  );

  it.each(['bytes=0-1,5-6', 'lines=1-2', 'bytes=-', 'bytes=a-b', 'bytes=99999999999999999999-'])(
    '%s is answered with the whole',
    async (range) => {
      expect((await ask(blob, 'GET', { headers: { range } })).status).toBe(200);
    },
  );

  it('of a blob that is another now than the client thinks are answered with the whole', async () => {
    expect((await ask(blob, 'GET', { headers: { range: 'bytes=0-9', 'if-range': '"other"' } })).status).toBe(200);
    expect((await ask(blob, 'GET', { headers: { range: 'bytes=0-9', 'if-range': `"${DIGEST}"` } })).status).toBe(206);
  });

  it.each(['bytes=0-9', 'bytes=9999-'])('%s means nothing to HEAD', async (range) => {
    const answer = await ask(blob, 'HEAD', { headers: { range } });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '2000' } });
    expect(answer.headers).not.toHaveProperty('content-range');
  });

  it('of nothing cannot be given', async () => {
    expect((await ask(blob.replace(DIGEST, EMPTY), 'GET', { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });
});

it.each([`"${DIGEST}"`, `W/"${DIGEST}"`, `"other", "${DIGEST}"`, '*'])(
  'is not given again to a client that has it: If-None-Match %s',
  async (tags) => {
    const answer = await ask(blob, 'GET', { headers: { 'if-none-match': tags } });
    expect(answer).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  },
);

it('is given to a client that has another', async () => {
  expect((await ask(blob, 'GET', { headers: { 'if-none-match': '"other", W/"old"' } })).status).toBe(200);
});

it('that is not there, or elsewhere only, is unknown', async () => {
  for (const path of [`team/app/blobs/${digestOf(Buffer.from('never pushed'))}`, `team/other/blobs/${DIGEST}`]) {
    const answer = await ask(`${registry.url}/v2/${path}`, 'GET');
    expect([answer.status, errorCode(answer)]).toEqual([404, 'BLOB_UNKNOWN']);
  }
});

it.each([
  ['a digest that is none', 'team/app/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
  ['a name that is none', 'Team/App/blobs/sha256:abc', 400, 'NAME_INVALID'],
  ['a name that climbs out', '..%2F..%2Fetc/blobs/sha256:abc', 400, 'NAME_INVALID'],
  ['a path of another kind', 'team/app/nothing', 404, 'UNSUPPORTED'],
  ['a path that cannot be decoded', 'team/%E0%A4%A/blobs/x', 404, 'UNSUPPORTED'],
])('%s is refused', async (_what, path, status, code) => {
  const answer = await ask(`${registry.url}/v2/${path}`, 'GET');
  expect([answer.status, errorCode(answer)]).toEqual([status, code]);
});

it('a method that is not possible is refused with those that are', async () => {
  expect(await ask(blob, 'PATCH')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, DELETE' } });
});

it('is gone at once when deleted, and its content with the last repository that held it', async () => {
  const bytes = makeBytes(10, 'to be deleted');
  const digest = digestOf(bytes);
  await ask(`${registry.url}/v2/a/blobs/uploads/?digest=${digest}`, 'POST', { body: bytes });
  expect((await ask(`${registry.url}/v2/a/blobs/${digest}`, 'DELETE')).status).toBe(202);
  expect((await ask(`${registry.url}/v2/a/blobs/${digest}`, 'GET')).status).toBe(404);
  expect((await ask(`${registry.url}/v2/a/blobs/${digest}`, 'DELETE')).status).toBe(404);
  expect((await ask(`${registry.url}/v2/b/blobs/uploads/?mount=${digest}`, 'POST')).status).toBe(202);
});

describe('elsewhere', () => {
  it('is where GETs are sent, and never HEADs or manifests', async () => {
    await using redirecting = await openTestRegistry({ redirectBlobs: true });
    await ask(`${redirecting.url}/v2/team/app/blobs/uploads/?digest=${DIGEST}`, 'POST', { body: BYTES });
    const place = `${redirecting.url}/v2/team/app/blobs/${DIGEST}`;
    expect((await ask(place, 'HEAD')).status).toBe(200);
    const sent = await ask(place, 'GET');
    expect(sent.status).toBe(307);
    const elsewhere = sent.headers.location ?? '';
    expect(new URL(elsewhere).origin).not.toBe(redirecting.url);
    expect((await ask(elsewhere, 'GET')).body.equals(BYTES)).toBe(true);
    expect(
      (await ask(elsewhere, 'GET', { headers: { range: 'bytes=1000-' } })).body.equals(BYTES.subarray(1_000)),
    ).toBe(true);
    expect((await ask(elsewhere, 'GET', { headers: { authorization: 'Basic eDp5' } })).status).toBe(400);
    expect((await ask(elsewhere, 'HEAD')).status).toBe(403);
    expect((await ask(`${elsewhere}0`, 'GET')).status).toBe(403);
  });
});
