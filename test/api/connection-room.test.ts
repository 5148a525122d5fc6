import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listenHttp } from '../../src/api/serve.ts';
import { silentLog } from '../../src/telemetry/log.ts';

const MOST = 3;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open() {
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (facts: unknown) => told.push(facts) };
  let waiting = 0;
  const app = {
    fetch(asked: Request) {
      if (!asked.url.endsWith('/wait')) return Response.json({});
      waiting += 1;
      return new Promise<Response>(() => {});
    },
  };
  const listener = await listenHttp({ app, host: '127.0.0.1', port: 0, log, mostConnections: MOST });
  closers.push(() => listener.close(0));
  /** A connection on which `text` was sent and nothing more is. */
  const hold = async (text = '') => {
    const socket = connect(listener.port, '127.0.0.1');
    closers.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    if (text !== '') socket.write(text);
    return socket;
  };
  const ask = (agent = new Agent()) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: Record<string, unknown> }>(
      (resolve, reject) => {
        closers.push(() => agent.destroy());
        request({ port: listener.port, host: '127.0.0.1', path: '/there?x', agent }, async (response) => {
          let text = '';
          for await (const part of response.setEncoding('utf8')) text += part;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) });
        })
          .once('error', reject)
          .end();
      },
    );
  return { told, hold, ask, waiting: () => waiting };
}

const closed = (socket: Socket) => (socket.closed ? undefined : once(socket, 'close'));
const WAIT = 'GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('more connections than there is room for', () => {
  it('end the one that is idle longest, and serve the new one', async () => {
    const { hold, ask, told } = await open();
    const first = await hold();
    const keptAlive = new Agent({ keepAlive: true });
    expect((await ask(keptAlive)).status).toBe(200);
    const third = await hold();
    expect((await ask()).status).toBe(200);
    await closed(first);
    // It was used after the one that was opened later.
    expect((await ask(keptAlive)).status).toBe(200);
    const [fifth, sixth] = [await hold(), await hold()];
    await closed(third);
    expect((await ask(keptAlive)).status).toBe(200);
    expect([fifth.closed, sixth.closed]).toEqual([false, false]);
    expect(told).toEqual([expect.objectContaining({ event: 'too many connections', most: MOST })]);
  });

  it('are told 503 and when to come again where all others are at work', async () => {
    const { hold, ask, waiting } = await open();
    const busy = [await hold(WAIT), await hold(WAIT), await hold(WAIT)];
    await expect.poll(waiting).toBe(MOST);
    expect(await ask()).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', connection: 'close', 'content-type': 'application/problem+json' },
      body: { code: 'not_ready', status: 503, instance: '/there' },
    });
    expect(busy.map((socket) => socket.closed)).toEqual([false, false, false]);
    busy[0]?.destroy();
    await expect.poll(async () => (await ask()).status).toBe(200);
  });
});
