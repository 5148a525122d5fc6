import type { TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import type { Connection } from '../../src/net/connection.ts';
import type { HttpClient } from '../../src/net/http-client.ts';
import { type HttpClientOptions, openHttpClient } from '../../src/net/open-http-client.ts';
import { findFreePort } from '../support/free-port.ts';
import { failureOf } from './failure-of.ts';
import { openRawServer, openScriptedServer, readRequest } from './scripted-server.ts';
import { TEST_CA } from './tls-fixture.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function openClient(options: HttpClientOptions = {}): HttpClient & AsyncDisposable {
  const client = openHttpClient(options);
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an exchange', () => {
  it('gives status, joined lower-case headers and raw bytes, and follows nothing', async () => {
    await using server = await openScriptedServer((request, response) => {
      response.writeHead(307, {
        Location: '/else',
        Warning: ['299 - "a"', '299 - "b"'],
        'Content-Encoding': 'gzip',
        'X-Path': request.url ?? '',
      });
      response.end('not really gzip');
    });
    await using client = openClient();
    const response = await client.request({ method: 'GET', url: `${server.url}/a%2Fb?x=%20y` });
    expect(response.status).toBe(307);
    expect(response.headers).toMatchObject({
      location: '/else',
      warning: '299 - "a", 299 - "b"',
      'x-path': '/a%2Fb?x=%20y',
    });
    expect(Buffer.from(await response.bytes(100)).toString()).toBe('not really gzip');
  });

  it('sends bytes with their length, and an iterable chunked or with the length that was declared', async () => {
    const seen: [string | undefined, string | undefined, string][] = [];
    await using server = await openScriptedServer(async (request, response) => {
      const body = await readRequest(request);
      seen.push([request.headers['content-length'], request.headers['transfer-encoding'], body.toString()]);
      response.writeHead(201).end();
    });
    await using client = openClient();
    async function* body() {
      yield Buffer.from('ab');
      yield Buffer.from('');
      yield Buffer.from('c');
    }
    for (const request of [
      { body: Buffer.from('abc') },
      { body: body() },
      { body: body(), headers: { 'content-length': '3' } },
      {},
    ]) {
      const response = await client.request({ method: 'POST', url: server.url, ...request });
      await response.discard();
    }
    expect(seen).toEqual([
      ['3', undefined, 'abc'],
      [undefined, 'chunked', 'abc'],
      ['3', undefined, 'abc'],
      ['0', undefined, ''],
    ]);
  });

  it('keeps connections for the next request, HEAD included, whether it asks or carries a blob', async () => {
    await using server = await openScriptedServer((_request, response) =>
      response.writeHead(200, { 'content-length': '2' }).end('ok'),
    );
    await using client = openClient();
    for (const method of ['GET', 'HEAD', 'HEAD', 'GET'] as const) {
      const response = await client.request({ method, url: server.url });
      await response.discard();
    }
    await (await client.request({ method: 'GET', url: server.url, purpose: 'blob' })).discard();
    await (await client.request({ method: 'PUT', url: server.url, purpose: 'blob', body: Buffer.from('b') })).discard();
    expect(server.connections()).toBe(1);
  });

  it('says where a connection leads and that a loopback is no long path', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('ok'));
    const seen: Pick<Connection, 'origin' | 'isLongPath'>[] = [];
    await using client = openClient({
      onConnected: ({ origin, isLongPath }) => seen.push({ origin, isLongPath }),
    });
    await (await client.request({ method: 'GET', url: `${server.url}/any/path?of=it` })).discard();
    expect(seen).toEqual([{ origin: server.url, isLongPath: false }]);
  });

  it('answers a question while the only blob connection is held by a body that nobody reads', async () => {
    await using server = await openScriptedServer((request, response) => {
      if (request.url === '/blob')
        response.writeHead(200, { 'content-length': String(1 << 30) }).write(Buffer.alloc(1 << 20));
      else response.end('ok');
    });
    await using client = openClient({ blobConnections: 1, apiConnections: 1 });
    const blob = await client.request({ method: 'GET', url: `${server.url}/blob`, purpose: 'blob' });
    const answer = await client.request({ method: 'GET', url: `${server.url}/question` });
    expect(Buffer.from(await answer.bytes(10)).toString()).toBe('ok');
    await blob.discard();
  });

  it('holds back a server that is faster than the reader', async () => {
    let written = 0;
    const chunk = Buffer.alloc(1 << 20);
    await using server = await openScriptedServer((_request, response) => {
      const write = () => {
        while (written < 256) {
          written += 1;
          if (!response.write(chunk)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    await using client = openClient();
    const response = await client.request({ method: 'GET', url: server.url, purpose: 'blob' });
    const iterator = response.body[Symbol.asyncIterator]();
    await iterator.next();
    const questions = Array.from({ length: 50 }, () => new Promise((resolve) => setImmediate(resolve)));
    await Promise.all(questions);
    expect(response.body.readableLength).toBeLessThanOrEqual(10);
    // What is not in our hands fits into the kernel's buffers of one loopback connection.
    expect(written).toBeLessThan(64);
    let sizeBytes = 0;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      sizeBytes += next.value.byteLength;
    expect(sizeBytes).toBeGreaterThan(255 * chunk.byteLength);
  });

  it('limits what bytes() takes', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('123456'));
    await using client = openClient();
    const response = await client.request({ method: 'GET', url: server.url });
    expect(await failureOf(response.bytes(5))).toMatchObject({ code: 'remote_unexpected' });
    expect((await (await client.request({ method: 'GET', url: server.url })).bytes(6)).byteLength).toBe(6);
  });

  it('gives a connection back by discard() after a short body and cuts a long one', async () => {
    let closed = 0;
    await using server = await openScriptedServer((request, response) => {
      request.socket.once('close', () => {
        closed += 1;
      });
      if (request.url === '/long') response.writeHead(200).write(Buffer.alloc(1 << 20));
      else response.end('short');
    });
    await using client = openClient();
    await (await client.request({ method: 'GET', url: server.url })).discard();
    await (await client.request({ method: 'GET', url: server.url })).discard();
    expect(server.connections()).toBe(1);
    await (await client.request({ method: 'GET', url: `${server.url}/long` })).discard();
    await (await client.request({ method: 'GET', url: server.url })).discard();
    expect(server.connections()).toBe(2);
    expect(closed).toBeGreaterThan(0);
  });
});

describe('an upload', () => {
  it('pulls its source no faster than the server reads', async () => {
    let pulled = 0;
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await using server = await openRawServer((socket) => {
      socket.once('data', () => {
        socket.pause();
        asked();
      });
    });
    await using client = openClient({ stallMs: 150 });
    async function* body() {
      for (;;) {
        pulled += 1;
        yield Buffer.alloc(1 << 20);
      }
    }
    const request = client.request({ method: 'PUT', url: server.url, body: body(), purpose: 'blob' });
    await arrived;
    expect(await failureOf(request)).toMatchObject({ code: 'stalled' });
    expect(pulled).toBeLessThan(32);
  });

  it.skipIf(process.platform !== 'linux')(
    'is stalled too where the kernel has taken all of it and the other side nothing',
    async () => {
      await using server = await openRawServer((socket) => socket.once('data', () => socket.pause()));
      await using client = openClient({ stallMs: 200 });
      // More than the server's kernel takes while nobody reads, less than ours does.
      const request = client.request({
        method: 'PUT',
        url: server.url,
        body: Buffer.alloc(1_000_000),
        purpose: 'blob',
      });
      expect(await failureOf(request)).toMatchObject({
        code: 'stalled',
        message: expect.stringContaining('ETIMEDOUT'),
      });
    },
  );

  it('is not called stalled while its own source is slow', async () => {
    await using server = await openScriptedServer(async (request, response) => {
      response.writeHead(201).end(String((await readRequest(request)).byteLength));
    });
    await using client = openClient({ stallMs: 40 });
    async function* body() {
      yield Buffer.alloc(100_000);
      await new Promise((resolve) => setTimeout(resolve, 160));
      yield Buffer.alloc(1);
    }
    const response = await client.request({ method: 'PUT', url: server.url, body: body() });
    expect(Buffer.from(await response.bytes(10)).toString()).toBe('100001');
  });

  it('yields the answer of a server that refuses it early, resets the connection, and wants no more of it', async () => {
    await using server = await openRawServer((socket) => {
      let seenBytes = 0;
      socket.on('data', (chunk) => {
        seenBytes += chunk.byteLength;
        if (seenBytes < 200_000) return;
        socket.removeAllListeners('data');
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\n\r\nnope', () => socket.resetAndDestroy());
      });
    });
    await using client = openClient();
    for (let round = 0; round < 20; round += 1) {
      let returned = () => {};
      const ended = new Promise<void>((resolve) => {
        returned = resolve;
      });
      async function* body() {
        try {
          for (;;) yield Buffer.alloc(64 * 1024);
        } finally {
          returned();
        }
      }
      const response = await client.request({ method: 'PATCH', url: server.url, body: body(), purpose: 'blob' });
      expect(response.status).toBe(413);
      expect(Buffer.from(await response.bytes(10)).toString()).toBe('nope');
      await ended;
    }
  });

  it('ends with the failure of its own source, and with size_mismatch when that gives another size than declared', async () => {
    await using server = await openScriptedServer((request, response) => {
      request.on('error', () => {});
      request.resume().on('end', () => response.end());
    });
    await using client = openClient();
    const broken = new Failure('digest_mismatch', 'the source is not what it says');
    async function* failing() {
      yield Buffer.from('x');
      throw broken;
    }
    expect(await failureOf(client.request({ method: 'PUT', url: server.url, body: failing() }))).toBe(broken);
    for (const size of ['5', '2']) {
      async function* body() {
        yield Buffer.from('abc');
      }
      const failure = await failureOf(
        client.request({ method: 'PUT', url: server.url, body: body(), headers: { 'content-length': size } }),
      );
      expect(failure.code).toBe('size_mismatch');
    }
  });

  it('returns its iterator when it is cancelled', async () => {
    let begun = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    await using server = await openScriptedServer((request) => request.once('data', begun));
    await using client = openClient();
    let returned = 0;
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: Buffer.alloc(1024) }),
        return: async () => {
          returned += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    const abort = new AbortController();
    const request = client.request({ method: 'PUT', url: server.url, body, signal: abort.signal });
    await started;
    abort.abort(new Error('no longer'));
    expect(await failureOf(request)).toMatchObject({ code: 'cancelled', details: { cause: new Error('no longer') } });
    expect(returned).toBe(1);
  });

  it('that is cancelled before it begins sends nothing and returns its iterator', async () => {
    await using server = await openScriptedServer((_request, response) => response.end());
    await using client = openClient();
    let returned = 0;
    const iterable: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true, value: undefined }),
        return: async () => {
          returned += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    expect(
      await failureOf(client.request({ method: 'PUT', url: server.url, body: iterable, signal: AbortSignal.abort() })),
    ).toMatchObject({ code: 'cancelled' });
    expect(returned).toBe(1);
    expect(server.connections()).toBe(0);
  });
});

describe('failures', () => {
  it('calls a body stalled when nothing comes, but not when nobody reads', async () => {
    await using server = await openScriptedServer((request, response) => {
      response.writeHead(200, { 'content-length': String(4 << 20) });
      if (request.url === '/stall') response.write('x');
      else response.end(Buffer.alloc(4 << 20));
    });
    await using client = openClient({ stallMs: 60 });
    const stalled = await client.request({ method: 'GET', url: `${server.url}/stall` });
    expect(await failureOf(readAll(stalled.body))).toMatchObject({ code: 'stalled' });
    const slow = await client.request({ method: 'GET', url: `${server.url}/slow-reader` });
    const iterator = slow.body[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    let sizeBytes = 0;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      sizeBytes += next.value.byteLength;
    expect(sizeBytes).toBeGreaterThan(3 << 20);
  });

  it('times out when no headers come after the request was written', async () => {
    await using server = await openScriptedServer(() => {});
    await using client = openClient({ headersTimeoutMs: 10_000 });
    const failure = await failureOf(
      client.request({ method: 'GET', url: `${server.url}/?token=hidden`, headersTimeoutMs: 50 }),
    );
    expect(failure).toMatchObject({ code: 'timed_out' });
    expect(failure.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/\?token=…: no answer within 50 ms$/);
  });

  it('calls a body that breaks off connection_lost, by length and by chunks', async () => {
    for (const head of ['content-length: 100\r\n', 'transfer-encoding: chunked\r\n']) {
      await using server = await openRawServer((socket) => {
        socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n5\r\nabcde\r\n`));
      });
      await using client = openClient();
      const response = await client.request({ method: 'GET', url: server.url });
      expect(await failureOf(readAll(response.body))).toMatchObject({ code: 'connection_lost' });
    }
  });

  it('calls a reset before the answer connection_lost, and an answer that is not HTTP remote_unexpected', async () => {
    await using reset = await openRawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await using nonsense = await openRawServer((socket) =>
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')),
    );
    await using client = openClient();
    expect(await failureOf(client.request({ method: 'GET', url: reset.url }))).toMatchObject({
      code: 'connection_lost',
    });
    expect(await failureOf(client.request({ method: 'GET', url: nonsense.url }))).toMatchObject({
      code: 'remote_unexpected',
    });
  });

  it('calls a refused connection and an unknown name connect_failed', async () => {
    await using client = openClient();
    const url = `http://127.0.0.1:${await findFreePort()}`;
    expect(await failureOf(client.request({ method: 'GET', url }))).toMatchObject({
      code: 'connect_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await failureOf(client.request({ method: 'GET', url: 'http://no-such-host.invalid/' }))).toMatchObject({
      code: 'connect_failed',
    });
  });

  it('is cancelled by its signal while it waits for headers, in the body, and in the queue', async () => {
    await using server = await openScriptedServer((request, response) => {
      if (request.url === '/body') response.writeHead(200).write('x');
    });
    await using client = openClient({ apiConnections: 1 });
    const abort = new AbortController();
    const response = await client.request({ method: 'GET', url: `${server.url}/body`, signal: abort.signal });
    const queued = new AbortController();
    const waiting = client.request({ method: 'GET', url: server.url, signal: queued.signal });
    queued.abort();
    expect(await failureOf(waiting)).toMatchObject({ code: 'cancelled' });
    const body = readAll(response.body);
    abort.abort();
    expect(await failureOf(body)).toMatchObject({ code: 'cancelled' });
    const silent = new AbortController();
    const headers = client.request({ method: 'GET', url: server.url, signal: silent.signal });
    silent.abort();
    expect(await failureOf(headers)).toMatchObject({ code: 'cancelled' });
  });

  it('ends what is under way when the client is closed', async () => {
    await using server = await openScriptedServer(() => {});
    const client = openHttpClient();
    const request = failureOf(client.request({ method: 'GET', url: server.url }));
    await client.close();
    expect(await request).toMatchObject({ code: 'cancelled' });
    expect(await failureOf(client.request({ method: 'GET', url: server.url }))).toMatchObject({ code: 'cancelled' });
  });
});

describe('trust', () => {
  it('takes a certificate of the authority that it was given, and calls any other tls_failed', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('ok'), { tls: true });
    await using stranger = openClient();
    expect(await failureOf(stranger.request({ method: 'GET', url: server.url }))).toMatchObject({ code: 'tls_failed' });
    await using client = openClient({ ca: TEST_CA });
    expect((await client.request({ method: 'GET', url: server.url })).status).toBe(200);
    // The certificate does not name 127.0.0.2.
    expect(
      await failureOf(client.request({ method: 'GET', url: server.url.replace('127.0.0.1', '[::ffff:127.0.0.1]') })),
    ).toMatchObject({ code: 'tls_failed' });
  });

  it('goes on with the TLS session of an earlier connection, also after garbage was collected', async () => {
    const resumed: boolean[] = [];
    await using server = await openScriptedServer(
      (request, response) => {
        resumed.push((request.socket as TLSSocket).isSessionReused());
        response.writeHead(200, { connection: 'close' }).end('ok');
      },
      { tls: true },
    );
    await using client = openClient({ ca: TEST_CA });
    for (let n = 0; n < 4; n += 1) {
      await (await client.request({ method: 'GET', url: server.url })).discard();
      // The ticket comes with or after the answer, and the connection ends by itself.
      await expect.poll(() => server.open()).toBe(0);
      collectGarbage();
    }
    expect(server.connections()).toBe(4);
    expect(resumed).toEqual([false, true, true, true]);
  });

  it('calls plain HTTP behind an https address tls_failed', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('ok'));
    await using client = openClient();
    expect(
      await failureOf(client.request({ method: 'GET', url: server.url.replace('http:', 'https:') })),
    ).toMatchObject({ code: 'tls_failed' });
  });

  it('does not connect where a remote leads to a forbidden address, by number or by name', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('secret'));
    await using client = openClient();
    for (const url of [server.url, `http://localhost:${server.port}`, `http://[::ffff:127.0.0.1]:${server.port}`]) {
      expect(await failureOf(client.request({ method: 'GET', url, ledByRemote: true }))).toMatchObject({
        code: 'address_forbidden',
      });
    }
    expect(server.connections()).toBe(0);
    await using allowing = openClient({ allowAddress: (address) => address === '127.0.0.1' });
    expect(
      (await allowing.request({ method: 'GET', url: `http://localhost:${server.port}`, ledByRemote: true })).status,
    ).toBe(200);
  });
});
