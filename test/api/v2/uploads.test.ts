import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { makeBytes } from '../../support/test-image.ts';
import { ask, errorCode, locationOf, openSession } from './client.ts';

let registry: TestRegistry;
let url: string;
beforeAll(async () => {
  registry = await openTestRegistry();
  url = registry.url;
});
afterAll(() => registry.close());

const REPOSITORY = 'team/app';
let nextSeed = 0;
const newBytes = (sizeBytes: number) => {
  nextSeed += 1;
  return makeBytes(sizeBytes, `uploads ${nextSeed}`);
};
const readBack = async (digest: string) => (await ask(`${url}/v2/${REPOSITORY}/blobs/${digest}`, 'GET')).body;

describe.each(['sha256', 'sha512'] as const)('a blob named by %s', (algorithm) => {
  it('is taken whole by PUT', async () => {
    const bytes = newBytes(100_000);
    const digest = digestOf(bytes, algorithm);
    const place = await openSession(url, REPOSITORY);
    const closed = await ask(`${place}?digest=${digest}`, 'PUT', { body: bytes });
    expect(closed).toMatchObject({
      status: 201,
      headers: { location: `/v2/${REPOSITORY}/blobs/${digest}`, 'docker-content-digest': digest },
    });
    expect((await readBack(digest)).equals(bytes)).toBe(true);
  });

  it('is taken whole by POST', async () => {
    const bytes = newBytes(5_000);
    const digest = digestOf(bytes, algorithm);
    const answer = await ask(`${url}/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`, 'POST', { body: bytes });
    expect(answer.status).toBe(201);
    expect((await readBack(digest)).equals(bytes)).toBe(true);
  });

  it('is taken as a stream of unknown length', async () => {
    const bytes = newBytes(70_001);
    const digest = digestOf(bytes, algorithm);
    const place = await openSession(url, REPOSITORY, `?digest-algorithm=${algorithm}`);
    const streamed = await ask(place, 'PATCH', { body: bytes, chunked: true });
    expect(streamed).toMatchObject({ status: 202, headers: { range: '0-70000' } });
    expect((await ask(`${locationOf(streamed, url)}?digest=${digest}`, 'PUT')).status).toBe(201);
    expect((await readBack(digest)).equals(bytes)).toBe(true);
  });

  it('is taken in chunks, the last one with the closing PUT', async () => {
    const bytes = newBytes(3_000);
    const digest = digestOf(bytes, algorithm);
    const place = await openSession(url, REPOSITORY);
    const first = await ask(place, 'PATCH', { body: bytes.subarray(0, 1_000), headers: { 'content-range': '0-999' } });
    expect(first).toMatchObject({ status: 202, headers: { range: '0-999' } });
    const second = await ask(locationOf(first, url), 'PATCH', {
      body: bytes.subarray(1_000, 2_000),
      headers: { 'content-range': '1000-1999' },
    });
    expect(second).toMatchObject({ status: 202, headers: { range: '0-1999' } });
    const closed = await ask(`${locationOf(second, url)}?digest=${digest}`, 'PUT', {
      body: bytes.subarray(2_000),
      headers: { 'content-range': '2000-2999' },
    });
    expect(closed.status).toBe(201);
    expect((await readBack(digest)).equals(bytes)).toBe(true);
  });

  it('may be empty', async () => {
    const digest = digestOf(new Uint8Array(), algorithm);
    const place = await openSession(url, REPOSITORY);
    expect((await ask(`${place}?digest=${digest}`, 'PUT')).status).toBe(201);
    expect(await ask(`${url}/v2/${REPOSITORY}/blobs/${digest}`, 'GET')).toMatchObject({
      status: 200,
      headers: { 'content-length': '0' },
    });
  });

  it('is refused when its bytes are others', async () => {
    const digest = digestOf(newBytes(10), algorithm);
    const put = await ask(`${await openSession(url, REPOSITORY)}?digest=${digest}`, 'PUT', { body: newBytes(10) });
    const post = await ask(`${url}/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`, 'POST', { body: newBytes(10) });
    expect([put.status, errorCode(put), post.status, errorCode(post)]).toEqual([
      400,
      'DIGEST_INVALID',
      400,
      'DIGEST_INVALID',
    ]);
    expect((await ask(`${url}/v2/${REPOSITORY}/blobs/${digest}`, 'HEAD')).status).toBe(404);
  });
});

describe('order of chunks', () => {
  it('refuses a chunk that begins elsewhere with 416 and the true range, and goes on from there', async () => {
    const bytes = newBytes(300);
    const place = await openSession(url, REPOSITORY);
    expect(
      (await ask(place, 'PATCH', { body: bytes.subarray(100, 200), headers: { 'content-range': '100-199' } })).status,
    ).toBe(416);
    await ask(place, 'PATCH', { body: bytes.subarray(0, 100), headers: { 'content-range': '0-99' } });
    const repeated = await ask(place, 'PATCH', { body: bytes.subarray(0, 100), headers: { 'content-range': '0-99' } });
    expect(repeated).toMatchObject({ status: 416, headers: { range: '0-99', location: new URL(place).pathname } });
    const closing = await ask(`${place}?digest=${digestOf(bytes)}`, 'PUT', {
      body: bytes.subarray(200),
      headers: { 'content-range': '200-299' },
    });
    expect(closing).toMatchObject({ status: 416, headers: { range: '0-99' } });
    expect(await ask(place, 'GET')).toMatchObject({
      status: 204,
      headers: { range: '0-99', location: new URL(place).pathname },
    });
    const closed = await ask(`${place}?digest=${digestOf(bytes)}`, 'PUT', {
      body: bytes.subarray(100),
      headers: { 'content-range': '100-299' },
    });
    expect(closed.status).toBe(201);
  });

  it.each([
    ['a range that cannot be read', 'one-two', 'BLOB_UPLOAD_INVALID'],
    ['a range of another length than the body', '0-9', 'SIZE_INVALID'],
    ['a range that ends before it begins', '9-0', 'BLOB_UPLOAD_INVALID'],
  ])('refuses %s', async (_what, range, code) => {
    const place = await openSession(url, REPOSITORY);
    const answer = await ask(place, 'PATCH', { body: newBytes(100), headers: { 'content-range': range } });
    expect([answer.status, errorCode(answer)]).toEqual([400, code]);
    expect((await ask(place, 'GET')).headers.range).toBe('0-0');
  });

  it('refuses a stream that is longer than its range', async () => {
    const place = await openSession(url, REPOSITORY);
    const answer = await ask(place, 'PATCH', {
      body: newBytes(100),
      chunked: true,
      headers: { 'content-range': '0-49' },
    });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'SIZE_INVALID']);
  });
});

describe('a session', () => {
  it('is ended by DELETE, and unknown from then on', async () => {
    const place = await openSession(url, REPOSITORY);
    expect((await ask(place, 'DELETE')).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await ask(place, method);
      expect([method, answer.status, errorCode(answer)]).toEqual([method, 404, 'BLOB_UPLOAD_UNKNOWN']);
    }
  });

  it('belongs to its repository', async () => {
    const place = await openSession(url, REPOSITORY);
    expect((await ask(place.replace(REPOSITORY, 'team/other'), 'GET')).status).toBe(404);
  });

  it.each(['..%2F..%2Fetc%2Fpasswd', 'not-a-session', '00000000-0000-0000-0000-000000000000'])(
    'named %s is unknown',
    async (id) => {
      expect((await ask(`${url}/v2/${REPOSITORY}/blobs/uploads/${id}`, 'GET')).status).toBe(404);
    },
  );

  it('needs a digest to be closed', async () => {
    const place = await openSession(url, REPOSITORY);
    for (const query of ['', '?digest=', '?digest=md5:abc', '?digest=sha256:short']) {
      const answer = await ask(`${place}${query}`, 'PUT');
      expect([query, answer.status, errorCode(answer)]).toEqual([query, 400, 'DIGEST_INVALID']);
    }
    expect((await ask(place, 'GET')).status).toBe(204);
  });

  it('keeps the bytes that arrived before its connection was cut, and finishes from there', async () => {
    const bytes = newBytes(3_000_000);
    const place = await openSession(url, REPOSITORY);
    registry.failNext('PATCH', { afterBytes: 1_000_000, reset: true });
    await expect(ask(place, 'PATCH', { body: bytes })).rejects.toThrow();
    await eventually(async () => (await ask(place, 'GET')).headers.range === '0-999999', {
      what: 'all arrived bytes being held',
    });
    const closed = await ask(`${place}?digest=${digestOf(bytes)}`, 'PUT', {
      body: bytes.subarray(1_000_000),
      headers: { 'content-range': '1000000-2999999' },
    });
    expect(closed.status).toBe(201);
  });

  it('survives a restart, hash and all', async () => {
    const bytes = newBytes(200_000);
    const place = await openSession(url, REPOSITORY);
    await ask(place, 'PATCH', { body: bytes.subarray(0, 150_000), headers: { 'content-range': '0-149999' } });
    await registry.stop();
    await registry.start();
    expect((await ask(place, 'GET')).headers.range).toBe('0-149999');
    const closed = await ask(`${place}?digest=${digestOf(bytes)}`, 'PUT', {
      body: bytes.subarray(150_000),
      headers: { 'content-range': '150000-199999' },
    });
    expect(closed.status).toBe(201);
    expect((await readBack(digestOf(bytes))).equals(bytes)).toBe(true);
  });

  it('goes to the newest request: one that hangs on a dead connection is ended', async () => {
    const bytes = newBytes(500_000);
    const place = await openSession(url, REPOSITORY);
    registry.failNext('PATCH', { afterBytes: 200_000, stall: true });
    const hanging = ask(place, 'PATCH', { body: bytes }).then(
      () => 'answered',
      () => 'cut',
    );
    await eventually(async () => (await ask(place, 'GET')).headers.range === '0-199999');
    const closed = await ask(`${place}?digest=${digestOf(bytes)}`, 'PUT', {
      body: bytes.subarray(200_000),
      headers: { 'content-range': '200000-499999' },
    });
    expect(closed.status).toBe(201);
    expect(['answered', 'cut']).toContain(await hanging);
  });

  it('whose body stands still is cut after a while', async () => {
    await using impatient = await openTestRegistry({ stallTimeoutMs: 100 });
    const place = await openSession(impatient.url, REPOSITORY);
    impatient.failNext('PATCH', { afterBytes: 1_000, stall: true });
    await expect(ask(place, 'PATCH', { body: newBytes(100_000) })).rejects.toThrow();
    await eventually(async () => (await ask(place, 'GET')).headers.range === '0-999');
  });
});

describe('mounting', () => {
  const mount = (query: string) => ask(`${url}/v2/team/mounted/blobs/uploads/${query}`, 'POST');
  const seedBlob = async (sizeBytes = 100) => {
    const bytes = newBytes(sizeBytes);
    await ask(`${url}/v2/${REPOSITORY}/blobs/uploads/?digest=${digestOf(bytes)}`, 'POST', { body: bytes });
    return digestOf(bytes);
  };

  it('makes a blob of one repository one of another', async () => {
    const digest = await seedBlob();
    expect(await mount(`?mount=${digest}&from=${REPOSITORY}`)).toMatchObject({
      status: 201,
      headers: { location: `/v2/team/mounted/blobs/${digest}` },
    });
    expect((await ask(`${url}/v2/team/mounted/blobs/${digest}`, 'HEAD')).status).toBe(200);
    await ask(`${url}/v2/${REPOSITORY}/blobs/${digest}`, 'DELETE');
    expect((await ask(`${url}/v2/team/mounted/blobs/${digest}`, 'GET')).body.byteLength).toBe(100);
  });

  it('finds a blob without being told where', async () => {
    expect((await mount(`?mount=${await seedBlob()}`)).status).toBe(201);
  });

  it.each([
    ['a repository that does not hold it', '&from=team/nowhere'],
    ['a name that is none', '&from=NOT..A/NAME'],
  ])('from %s opens a session instead', async (_what, from) => {
    const answer = await mount(`?mount=${await seedBlob()}${from}`);
    expect(answer.status).toBe(202);
    expect((await ask(locationOf(answer, url), 'GET')).status).toBe(204);
  });

  it('is not possible across repositories without saying from where when that is closed', async () => {
    await using closed = await openTestRegistry({ anonymousMounts: false });
    const bytes = newBytes(50);
    await ask(`${closed.url}/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`, 'POST', { body: bytes });
    expect((await ask(`${closed.url}/v2/b/blobs/uploads/?mount=${digestOf(bytes)}`, 'POST')).status).toBe(202);
    expect((await ask(`${closed.url}/v2/b/blobs/uploads/?mount=${digestOf(bytes)}&from=a`, 'POST')).status).toBe(201);
  });
});

describe('a closing PUT that is sent again, since its answer was lost', () => {
  it.each([
    ['without a body', 0],
    ['with the last chunk', 300],
  ])('is answered as it was, %s', async (_what, lastBytes) => {
    const bytes = newBytes(1_000);
    const [first, rest] = [bytes.subarray(0, 1_000 - lastBytes), bytes.subarray(1_000 - lastBytes)];
    const place = await openSession(url, REPOSITORY);
    await ask(place, 'PATCH', { body: first });
    const headers = { 'content-range': `${first.byteLength}-999` };
    const close = (digest: string) =>
      ask(`${place}?digest=${digest}`, 'PUT', rest.byteLength === 0 ? {} : { body: rest, headers });
    const digest = digestOf(bytes);
    const answers = [await close(digest), await close(digest)];
    for (const answer of answers)
      expect(answer).toMatchObject({
        status: 201,
        headers: { location: `/v2/${REPOSITORY}/blobs/${digest}`, 'docker-content-digest': digest },
      });
    expect((await readBack(digest)).equals(bytes)).toBe(true);
    // Another digest is no repetition, and a session that is closed takes no more bytes.
    const other = await close(digestOf(newBytes(10)));
    expect([other.status, errorCode(other)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect((await ask(place, 'PATCH', { body: rest })).status).toBe(404);
    await ask(`${url}/v2/${REPOSITORY}/blobs/${digest}`, 'DELETE');
    const deleted = await close(digest);
    expect([deleted.status, errorCode(deleted)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  it('is answered as it was while the first is still at work', async () => {
    const bytes = newBytes(3_000_000);
    const place = await openSession(url, REPOSITORY);
    await ask(place, 'PATCH', { body: bytes });
    const close = () => ask(`${place}?digest=${digestOf(bytes)}`, 'PUT');
    const answers = await Promise.all([close(), close(), close()]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  });
});

it('knows nothing more of a session to which nothing was added for too long', async () => {
  await using own = await openTestRegistry();
  const place = await openSession(own.url, REPOSITORY);
  const bytes = newBytes(100);
  await ask(place, 'PATCH', { body: bytes });
  await own.storage.forgetOldUploads(3_600_000, Date.now() + 3_500_000);
  expect((await ask(place, 'GET')).status).toBe(204);
  await own.storage.forgetOldUploads(3_600_000, Date.now() + 3_700_000);
  for (const [method, query] of [
    ['GET', ''],
    ['PATCH', ''],
    ['PUT', `?digest=${digestOf(bytes)}`],
    ['DELETE', ''],
  ] as const) {
    const answer = await ask(`${place}${query}`, method, method === 'PATCH' ? { body: bytes } : {});
    expect([method, answer.status, errorCode(answer)]).toEqual([method, 404, 'BLOB_UPLOAD_UNKNOWN']);
  }
});

it('says how large chunks must be, where they must', async () => {
  await using picky = await openTestRegistry({ chunkMinBytes: 5_242_880 });
  expect((await ask(`${picky.url}/v2/a/blobs/uploads/`, 'POST')).headers['oci-chunk-min-length']).toBe('5242880');
  expect((await ask(`${url}/v2/a/blobs/uploads/`, 'POST')).headers['oci-chunk-min-length']).toBeUndefined();
});

it('refuses an algorithm it does not know', async () => {
  expect((await ask(`${url}/v2/a/blobs/uploads/?digest-algorithm=md5`, 'POST')).status).toBe(400);
});

it('knows only repositories that were made, where they must be', async () => {
  await using strict = await openTestRegistry({ createRepositories: false });
  const answer = await ask(`${strict.url}/v2/team/app/blobs/uploads/`, 'POST');
  expect([answer.status, errorCode(answer)]).toEqual([404, 'NAME_UNKNOWN']);
});

it('takes the same blob from two clients at once', async () => {
  const bytes = newBytes(400_000);
  const places = await Promise.all([openSession(url, REPOSITORY), openSession(url, 'team/twin')]);
  const closed = await Promise.all(
    places.map((place) => ask(`${place}?digest=${digestOf(bytes)}`, 'PUT', { body: bytes })),
  );
  expect(closed.map(({ status }) => status)).toEqual([201, 201]);
  expect((await readBack(digestOf(bytes))).equals(bytes)).toBe(true);
});
