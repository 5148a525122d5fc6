import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { ResolveName } from '../../src/net/address-memory.ts';
import { openConnector } from '../../src/net/connector.ts';

async function listen(host: string, port: number): Promise<Server & { seen: number }> {
  const server = Object.assign(createServer(), { seen: 0 });
  server.on('connection', (socket) => {
    server.seen += 1;
    socket.on('error', () => {}).resume();
  });
  await once(server.listen(port, host), 'listening');
  return server;
}

it('begins with the address that answered the last time, and forgets it when it does not any more', async () => {
  const second = await listen('127.0.0.3', 0);
  const { port } = second.address() as { port: number };
  const resolve = ((_name: string, _options: unknown, callback: (...answer: unknown[]) => void) =>
    callback(null, [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.3', family: 4 },
    ])) as unknown as ResolveName;
  const connect = openConnector({ connectTimeoutMs: 5_000, stallMs: 5_000, resolve })(() => {});
  const target = { hostname: 'registry.example', host: `registry.example:${port}`, protocol: 'http:', port: `${port}` };
  const reach = () =>
    new Promise<string>((done, fail) =>
      connect(target, (error: Error | null, socket: Socket | null) => {
        if (socket === null) return fail(error);
        done(socket.remoteAddress ?? '');
        socket.destroy();
      }),
    );
  // Nobody listens at the first address yet.
  expect(await reach()).toBe('127.0.0.3');
  const first = await listen('127.0.0.2', port);
  try {
    expect([await reach(), await reach()]).toEqual(['127.0.0.3', '127.0.0.3']);
    expect(first.seen).toBe(0);
    second.close();
    expect([await reach(), await reach()]).toEqual(['127.0.0.2', '127.0.0.2']);
  } finally {
    first.close();
  }
});
