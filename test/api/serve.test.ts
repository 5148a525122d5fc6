import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { type HttpListener, listenHttp } from '../../src/api/serve.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { fakeServices } from './api-fakes.ts';
import { livePush } from './samples.ts';

const open: HttpListener[] = [];

async function listen(options: { bodyStallMs?: number } = {}) {
  const services = fakeServices();
  const listener = await listenHttp({ app: openApi(services), host: '127.0.0.1', port: 0, log: silentLog, ...options });
  open.push(listener);
  return { services, listener };
}

/** Sends text over a socket of its own; `answer` is everything that came back once it is closed. */
function talk(port: number, text: string): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  return { socket, answer: once(socket, 'close').then(() => received) };
}

const UPLOAD =
  'POST /v1/pushes?image=team/app:1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n';

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close(0)));
});

describe('listenHttp', () => {
  it('takes a free port and says where it is', async () => {
    const { listener } = await listen();
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
    const response = await fetch(`${listener.url}/healthz`, { headers: { 'x-request-id': 'abc' } });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([200, 'abc']);
    const resolved = await fetch(`${listener.url}/v1/resolve?image=team/app:1&cluster=cn-prod`);
    expect([resolved.status, resolved.headers.get('vary'), resolved.headers.has('x-request-id')]).toEqual([
      200,
      'Accept',
      true,
    ]);
  });

  it('says which address is taken', async () => {
    const { listener } = await listen();
    await expect(
      listenHttp({ app: openApi(fakeServices()), host: '127.0.0.1', port: listener.port, log: silentLog }),
    ).rejects.toThrow(`127.0.0.1:${listener.port}`);
  });

  it('answers a request without a usable host with a problem', async () => {
    const { listener } = await listen();
    const answer = await talk(listener.port, 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n').answer;
    expect(answer).toContain('HTTP/1.1 400');
    expect(answer).toContain('"code":"validation_failed"');
  });

  it('sends the events of a push while it runs, and hears when the reader leaves', async () => {
    const { services, listener } = await listen();
    services.pushes.live.set('push_1', livePush());
    const response = await fetch(`${listener.url}/v1/pushes/push_1/events`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (part: string) => {
      while (!text.includes(part)) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`the stream ended before ${part}: ${text}`);
        text += value;
      }
    };
    await readUntil('event: push');
    services.pushes.live.set('push_1', livePush({ state: 'placed' }, [{ state: 'placed' }]));
    services.events.emit({ type: 'push.finished', pushId: 'push_1' });
    await readUntil('event: end');
    expect((await reader?.read())?.done).toBe(true);
  });

  it('streams an archive as it comes, byte for byte', async () => {
    const { services, listener } = await listen();
    const bytes = Buffer.alloc(900_000, 'entrepot');
    const sent = request(`${listener.url}/v1/pushes?image=team/app:1`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar' },
    });
    for (let offset = 0; offset < bytes.length; offset += 100_000) sent.write(bytes.subarray(offset, offset + 100_000));
    sent.end();
    const [answer] = await once(sent, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(202);
    expect(services.pushes.archives[0]?.equals(bytes)).toBe(true);
  });

  it('lets an answer through to a sender whose archive is refused midway', async () => {
    const { services, listener } = await listen();
    services.pushes.failure = new Failure('archive_invalid', 'a path climbs out');
    const { socket, answer } = talk(listener.port, `${UPLOAD}5\r\nhello\r\n`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toContain('HTTP/1.1 422');
    // The sender may send the rest of its body and go on with the connection.
    for (let i = 0; i < 20; i += 1) socket.write(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
    socket.write('0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await answer).toContain('HTTP/1.1 200');
  });

  it('tells whoever lands an archive that its sender is gone', async () => {
    const { services, listener } = await listen();
    const ended = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    services.pushes.acceptArchive = async (_request, archive) => {
      try {
        for await (const _ of archive) started.resolve();
        throw new Error('the body ended as if it were whole');
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    };
    const { socket } = talk(listener.port, `${UPLOAD}5\r\nhello\r\n`);
    await started.promise;
    socket.destroy();
    expect(await ended.promise).toMatchObject({ code: 'ECONNRESET' });
  });

  it('gives up a body that stopped coming', async () => {
    const { listener } = await listen({ bodyStallMs: 60 });
    const { answer } = talk(listener.port, `${UPLOAD}5\r\nhello\r\n`);
    expect(await answer).not.toContain('HTTP/1.1 202');
  });
});

describe('close', () => {
  it('ends event streams and waits at once and lets other requests finish', async () => {
    const { services, listener } = await listen();
    services.pushes.live.set('push_1', livePush());
    services.pushes.wait = (_id, _timeoutMs, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const busy = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    services.pushes.cancel = async () => {
      busy.resolve();
      await release.promise;
      return livePush();
    };
    const events = await fetch(`${listener.url}/v1/pushes/push_1/events`);
    const waiting = fetch(`${listener.url}/v1/pushes/push_1?wait=10m`);
    const slow = fetch(`${listener.url}/v1/pushes/push_1/cancel`, { method: 'POST' });
    await busy.promise;
    const closed = listener.close(10_000);
    expect(await events.text()).toContain('event: push');
    expect((await waiting).status).toBe(200);
    release.resolve();
    expect((await slow).status).toBe(200);
    await closed;
    await expect(fetch(`${listener.url}/healthz`)).rejects.toThrow();
  });

  it('still answers whoever comes while a slow answer is waited for, and closes afterwards', async () => {
    const { services, listener } = await listen();
    services.pushes.live.set('push_1', livePush());
    const busy = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    services.pushes.cancel = async () => {
      busy.resolve();
      await release.promise;
      return livePush();
    };
    const events = await fetch(`${listener.url}/v1/pushes/push_1/events`);
    const slow = fetch(`${listener.url}/v1/pushes/push_1/cancel`, { method: 'POST' });
    await busy.promise;
    const drained = listener.drain(60_000);
    expect(await events.text()).toContain('event: push');
    const late = await fetch(`${listener.url}/healthz`);
    expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);
    release.resolve();
    expect((await slow).status).toBe(200);
    await drained;
    await listener.close(10_000);
    await expect(fetch(`${listener.url}/healthz`)).rejects.toThrow();
  });

  it('waits for a slow answer no longer than it was told to', async () => {
    const { services, listener } = await listen();
    const busy = Promise.withResolvers<void>();
    services.pushes.cancel = () => {
      busy.resolve();
      return new Promise(() => {});
    };
    const failed = expect(fetch(`${listener.url}/v1/pushes/push_1/cancel`, { method: 'POST' })).rejects.toThrow();
    await busy.promise;
    await listener.drain(20);
    expect((await fetch(`${listener.url}/healthz`)).status).toBe(200);
    await listener.close(0);
    await failed;
  });

  it('cuts what does not finish in time', async () => {
    const { services, listener } = await listen();
    const busy = Promise.withResolvers<void>();
    services.pushes.cancel = () => {
      busy.resolve();
      return new Promise(() => {});
    };
    const stuck = fetch(`${listener.url}/v1/pushes/push_1/cancel`, { method: 'POST' });
    const failed = expect(stuck).rejects.toThrow();
    await busy.promise;
    await listener.close(20);
    await failed;
  });
});
