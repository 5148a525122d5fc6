import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { UploadSession } from '../../src/registry/registry-client.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer, readRequest } from '../net/scripted-server.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry, type TestRegistryOptions } from '../support/registry.ts';
import { makeBytes } from '../support/test-image.ts';
import { APP, OTHER, openTestClient, readAll, streamOf, type TestClient } from './test-client.ts';

const BYTES = makeBytes(300_000, 'uploads');
const DIGEST = digestOf(BYTES);
const SESSION: UploadSession = {
  location: 'http://127.0.0.1:1/v2/team/app/blobs/uploads/1',
  minChunkBytes: 0,
  repository: APP,
};

async function startSession(client: TestClient): Promise<UploadSession> {
  const started = await client.startUpload(APP);
  if (started.kind !== 'session') throw new Error('mounted what was not asked to be mounted');
  return started.session;
}

async function readBlob(client: TestClient, digest: Digest): Promise<Buffer | undefined> {
  const blob = await client.openBlob(APP, digest);
  return blob && (await readAll(blob.body));
}

describe('an upload', () => {
  it.each<[string, TestRegistryOptions]>([
    ['at relative locations', { locations: 'relative' }],
    ['at absolute locations', { locations: 'absolute' }],
    ['at locations with a signed query that may not change', { locations: 'state' }],
    ['at a registry like ECR', { ecr: true }],
  ])('in chunks %s', async (_name, options) => {
    await using registry = await openTestRegistry(options);
    await using client = openTestClient(registry.url);
    let session = await startSession(client);
    for (let offset = 0; offset < 200_000; offset += 100_000) {
      const body = streamOf(BYTES.subarray(offset, offset + 50_000), BYTES.subarray(offset + 50_000, offset + 100_000));
      const progress = await client.sendChunk(session, { offset, sizeBytes: 100_000, body });
      if (options.ecr !== true) expect(progress.offset).toBe(offset + 100_000);
      session = progress.session;
    }
    await client.finishUpload(session, DIGEST, { offset: 200_000, sizeBytes: 100_000, body: BYTES.subarray(200_000) });
    expect(await readBlob(client, DIGEST)).toEqual(BYTES);
    const chunks = registry.requests.filter((request) => request.method === 'PATCH' || request.method === 'PUT');
    expect(
      chunks.map(({ headers }) => [headers['content-range'], headers['content-length'], headers['content-type']]),
    ).toEqual([
      ['0-99999', '100000', 'application/octet-stream'],
      ['100000-199999', '100000', 'application/octet-stream'],
      ['200000-299999', '100000', 'application/octet-stream'],
    ]);
  });

  it('as one stream without ranges, closed empty', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const { session } = await client.sendChunk(await startSession(client), { body: streamOf(BYTES) });
    await client.finishUpload(session, DIGEST);
    expect(await readBlob(client, DIGEST)).toEqual(BYTES);
    const [patch] = registry.requests.filter((request) => request.method === 'PATCH');
    expect(patch?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    expect(patch?.headers['content-range']).toBeUndefined();
  });

  it.each(['sha256', 'sha512'] as const)('in one piece with the closing PUT, %s', async (algorithm) => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const digest = digestOf(BYTES, algorithm);
    const started = await client.startUpload(APP, { algorithm });
    if (started.kind !== 'session') throw new Error('no session');
    await client.finishUpload(started.session, digest, {
      offset: 0,
      sizeBytes: BYTES.byteLength,
      body: streamOf(BYTES),
    });
    expect(await readBlob(client, digest)).toEqual(BYTES);
    expect(registry.requests.find((request) => request.method === 'PUT')?.headers['content-range']).toBeUndefined();
    expect(registry.requests[0]?.path.includes('digest-algorithm=sha512')).toBe(algorithm === 'sha512');
  });

  it('of no bytes', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const empty = digestOf(new Uint8Array());
    await client.finishUpload(await startSession(client), empty);
    expect(await client.headBlob(APP, empty)).toEqual({ sizeBytes: 0 });
  });

  it('goes on where the session stands after a chunk was cut', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const session = await startSession(client);
    registry.failNext('PATCH', { reset: true, afterBytes: 150_000 });
    expect(
      await failureOf(client.sendChunk(session, { offset: 0, sizeBytes: 300_000, body: streamOf(BYTES) })),
    ).toMatchObject({ code: 'connection_lost' });
    // The registry may still be writing what came before the cut.
    const progress = await eventually(async () => {
      const found = await client.getUpload(session);
      return found?.offset === 150_000 && found;
    });
    const offset = 150_000;
    await client.finishUpload(progress.session, DIGEST, {
      offset,
      sizeBytes: 300_000 - offset,
      body: BYTES.subarray(offset),
    });
    expect(await readBlob(client, DIGEST)).toEqual(BYTES);
  });

  it('says that a session is lost, and undefined to who asks for its state', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const session = await startSession(client);
    await client.cancelUpload(session);
    expect(await client.getUpload(session)).toBeUndefined();
    expect(
      await failureOf(client.sendChunk(session, { offset: 0, sizeBytes: 1, body: Buffer.from('x') })),
    ).toMatchObject({ code: 'upload_session_lost' });
    expect(await failureOf(client.finishUpload(session, DIGEST))).toMatchObject({ code: 'upload_session_lost' });
    await client.cancelUpload(session);
    await client.cancelUpload(SESSION);
  });

  it('knows nothing right after the start', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    expect(await client.getUpload(await startSession(client))).toMatchObject({ offset: undefined });
  });

  it('refuses a wrong digest', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    const failure = await failureOf(
      client.finishUpload(await startSession(client), digestOf(Buffer.from('else')), {
        offset: 0,
        sizeBytes: BYTES.byteLength,
        body: BYTES,
      }),
    );
    expect(failure.code).toBe('digest_mismatch');
  });

  it.each<[string, TestRegistryOptions]>([
    ['by the Range header', {}],
    ['by the text of ECR', { ecr: true }],
  ])('names the offset that the registry expects, %s', async (_name, options) => {
    await using registry = await openTestRegistry(options);
    await using client = openTestClient(registry.url);
    const { session } = await client.sendChunk(await startSession(client), {
      offset: 0,
      sizeBytes: 1_000,
      body: BYTES.subarray(0, 1_000),
    });
    const failure = await failureOf(
      client.sendChunk(session, { offset: 5_000, sizeBytes: 10, body: BYTES.subarray(0, 10) }),
    );
    expect(failure).toMatchObject({ code: 'range_refused', details: { extensions: { offset: 1_000 } } });
  });

  it("reads the offset out of ECR's own words", async () => {
    await using server = await openScriptedServer(async (request, response) => {
      await readRequest(request);
      response
        .writeHead(416)
        .end(
          '{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"First byte of the layer part is 0 instead of 11304960"}]}',
        );
    });
    await using client = openTestClient(server.url);
    const session = { ...SESSION, location: `${server.url}/v2/team/app/blobs/uploads/1` };
    const failure = await failureOf(client.sendChunk(session, { offset: 0, sizeBytes: 1, body: Buffer.from('x') }));
    expect(failure).toMatchObject({ code: 'range_refused', details: { extensions: { offset: 11_304_960 } } });
  });

  it('keeps the location and the smallest chunk where an answer leaves them out', async () => {
    await using server = await openScriptedServer(async (request, response) => {
      await readRequest(request);
      if (request.method === 'POST')
        response.writeHead(202, { location: 'uploads/1?a=b', 'oci-chunk-min-length': '5000' });
      else response.writeHead(202, { range: '0-9' });
      response.end();
    });
    await using client = openTestClient(server.url);
    const session = await startSession(client);
    expect(session).toEqual({
      location: `${server.url}/v2/team/app/blobs/uploads/uploads/1?a=b`,
      minChunkBytes: 5_000,
      repository: APP,
    });
    expect(await client.sendChunk(session, { offset: 0, sizeBytes: 10, body: Buffer.alloc(10) })).toEqual({
      session,
      offset: 10,
    });
  });

  it.each([
    [200, {}, 'remote_unexpected'],
    [202, {}, 'remote_unexpected'],
    [201, { location: '/x' }, 'remote_unexpected'],
    [202, { location: 'ftp://x/y' }, 'remote_unexpected'],
    [404, {}, 'remote_repository_unknown'],
    [403, {}, 'remote_denied'],
    [507, {}, 'remote_unavailable'],
  ])('that is answered %i %j at its start is %s', async (status, headers, code) => {
    await using server = await openScriptedServer((_request, response) => response.writeHead(status, headers).end());
    await using client = openTestClient(server.url);
    expect(await failureOf(client.startUpload(APP))).toMatchObject({ code });
  });

  it('follows 307 for its start, which has no body, and never for a chunk', async () => {
    const seen: string[] = [];
    await using server = await openScriptedServer(async (request, response) => {
      seen.push(`${request.method} ${request.url} ${(await readRequest(request)).byteLength}`);
      if (request.url?.startsWith('/else') === true) response.writeHead(202, { location: 'session' }).end();
      else response.writeHead(307, { location: '/else/' }).end();
    });
    await using client = openTestClient(server.url);
    const session = await startSession(client);
    expect(session.location).toBe(`${server.url}/else/session`);
    const failure = await failureOf(
      client.sendChunk(
        { ...session, location: `${server.url}/first` },
        { offset: 0, sizeBytes: 1, body: Buffer.from('x') },
      ),
    );
    expect(failure).toMatchObject({ code: 'remote_unexpected', details: { status: 307 } });
    expect(seen).toEqual(['POST /v2/team/app/blobs/uploads/ 0', 'POST /else/ 0', 'PATCH /first 1']);
  });

  it('yields what a registry says that refuses a chunk before it was sent', async () => {
    await using server = await openScriptedServer((request, response) => {
      if (request.method === 'GET') response.end('{}');
      request.once('data', () =>
        response
          .writeHead(413, { connection: 'close' })
          .end('{"errors":[{"code":"SIZE_INVALID","message":"too large"}]}'),
      );
    });
    await using client = openTestClient(server.url);
    async function* endless() {
      for (;;) yield Buffer.alloc(64 * 1024);
    }
    const failure = await failureOf(
      client.sendChunk({ ...SESSION, location: `${server.url}/v2/team/app/blobs/uploads/1` }, { body: endless() }),
    );
    expect(failure).toMatchObject({ code: 'remote_refused', details: { status: 413 } });
    expect(failure.message).toContain('too large');
  });

  it('checks what the registry says the blob is', async () => {
    const told: (string | undefined)[] = [DIGEST, digestOf(BYTES, 'sha512'), undefined, digestOf(Buffer.from('else'))];
    await using server = await openScriptedServer((_request, response) => {
      const digest = told.shift();
      response.writeHead(201, digest === undefined ? {} : { 'docker-content-digest': digest }).end();
    });
    await using client = openTestClient(server.url);
    const session = { ...SESSION, location: `${server.url}/v2/team/app/blobs/uploads/1` };
    for (let round = 0; round < 3; round += 1) await client.finishUpload(session, DIGEST);
    expect(await failureOf(client.finishUpload(session, DIGEST))).toMatchObject({ code: 'digest_mismatch' });
  });
});

describe('a mount', () => {
  async function upload(client: TestClient): Promise<void> {
    const started = await client.startUpload(OTHER);
    if (started.kind === 'session')
      await client.finishUpload(started.session, DIGEST, { offset: 0, sizeBytes: BYTES.byteLength, body: BYTES });
  }

  it('puts a blob of another repository into this one', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    await upload(client);
    expect(await client.startUpload(APP, { mount: { digest: DIGEST, from: OTHER } })).toEqual({ kind: 'mounted' });
    expect(await client.headBlob(APP, DIGEST)).toEqual({ sizeBytes: BYTES.byteLength });
  });

  it.each(['ignore', 'deny'] as const)('is a session where the registry would %s it', async (mounts) => {
    await using registry = await openTestRegistry({ mounts });
    await using client = openTestClient(registry.url);
    await upload(client);
    const started = await client.startUpload(APP, { mount: { digest: DIGEST, from: OTHER } });
    expect(started.kind).toBe('session');
    expect(registry.count('POST', /mount=sha256%3A/)).toBe(1);
  });

  it.each([
    [429, 'remote_rate_limited', 1],
    [503, 'remote_unavailable', 1],
    [405, 'session', 2],
    [400, 'session', 2],
    [404, 'session', 2],
  ])('refused with %i is %s', async (status, expected, requests) => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    registry.failNext('POST', { status, body: '{}' });
    const started = client.startUpload(APP, { mount: { digest: DIGEST, from: OTHER } });
    if (expected === 'session') expect((await started).kind).toBe('session');
    else expect(await failureOf(started)).toMatchObject({ code: expected });
    expect(registry.count('POST')).toBe(requests);
  });

  it('into a repository that does not exist says so at once', async () => {
    await using registry = await openTestRegistry({ createRepositories: false });
    await using client = openTestClient(registry.url);
    expect(await failureOf(client.startUpload(APP, { mount: { digest: DIGEST, from: OTHER } }))).toMatchObject({
      code: 'remote_repository_unknown',
    });
    expect(registry.count('POST')).toBe(1);
  });
});
