import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressMemory, type ResolveName } from '../../src/net/address-memory.ts';
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
  const connect = openConnector({ connectTimeoutMs: 5_000, resolve })(() => {});
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

describe('of several addresses', () => {
  const MINUTE = 60_000;
  const names = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
  const resolve = ((_name: string, _options: unknown, callback: (...answer: unknown[]) => void) =>
    callback(
      null,
      names.map((address) => ({ address, family: 4 })),
    )) as unknown as ResolveName;

  function openMemory() {
    let nowMs = 0;
    const memory = new AddressMemory(() => nowMs);
    const lookup = memory.lookup((address) => address !== '10.0.0.9', resolve);
    return {
      memory,
      pass: (ms: number) => {
        nowMs += ms;
      },
      order(): string[] {
        let found: string[] = [];
        lookup('registry.example', { all: true }, (_error, answer) => {
          if (Array.isArray(answer)) found = answer.map(({ address }) => address);
        });
        return found;
      },
      note: (address: string, connectMs: number) => memory.note('registry.example', address, connectMs),
    };
  }

  it('the fastest comes first and the others as they were resolved', () => {
    const { order, note, memory } = openMemory();
    expect(order()).toEqual(names);
    note('10.0.0.2', 180);
    expect(order()).toEqual(['10.0.0.2', '10.0.0.1', '10.0.0.3']);
    note('10.0.0.3', 90);
    expect(order()).toEqual(['10.0.0.3', '10.0.0.1', '10.0.0.2']);
    memory.forget('registry.example');
    expect(order()).toEqual(names);
  });

  it("a difference that is chance does not change the resolver's order", () => {
    const { order, note } = openMemory();
    note('10.0.0.1', 92);
    note('10.0.0.2', 90);
    expect(order()[0]).toBe('10.0.0.1');
  });

  it('each is looked at again in turn, once in ten minutes, the one longest untried first', () => {
    const { order, note, pass } = openMemory();
    note('10.0.0.1', 90);
    expect(order()[0]).toBe('10.0.0.1');
    const looks: (string | undefined)[] = [];
    for (let period = 0; period < 4; period += 1) {
      pass(10 * MINUTE);
      looks.push(order()[0]);
      // What did not answer in time was passed over for the one that does.
      expect(order()[0]).toBe('10.0.0.1');
      note('10.0.0.1', 90);
    }
    expect(looks).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.2', '10.0.0.3']);
    pass(10 * MINUTE);
    expect(order()[0]).toBe('10.0.0.2');
    note('10.0.0.2', 30);
    expect(order()[0]).toBe('10.0.0.2');
  });
});
