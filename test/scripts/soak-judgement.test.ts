import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { findGrowth } from '../../scripts/soak/growth.ts';
import { type Attempt, mayMean } from '../../scripts/soak/ledger.ts';
import { isUnavoidable, NOTING_MS } from '../../scripts/soak/orphan.ts';
import { openWitness } from '../../scripts/soak/witness.ts';
import { eventually } from '../support/eventually.ts';

const ID = '01234567-89ab-cdef-0123-456789abcdef';

describe('a session that was left open at a registry', () => {
  const seen = { deliveredAt: 1_000, isUsed: false, connectionEndedAt: 1_000 + NOTING_MS, wasUnread: false };
  const later = 5_000 + NOTING_MS;
  it.each([
    ['whose answer never reached the service is nobody’s fault', undefined, true],
    ['whose answer came as the connection was killed is nobody’s fault', seen, true],
    ['whose answer nobody had read is nobody’s fault', { ...seen, connectionEndedAt: later, wasUnread: true }, true],
    ['that the service used is a leak', { ...seen, isUsed: true }, false],
    ['that the service lived on with is a leak', { ...seen, connectionEndedAt: 1_001 + NOTING_MS }, false],
    ['that a living service has is a leak', { ...seen, connectionEndedAt: null }, false],
  ])('%s', (_, session, unavoidable) => expect(isUnavoidable(session)).toBe(unavoidable));
});

describe('growth', () => {
  const held = (heapBytes: number, residentBytes = 0, files = 0, openLegs = 0) => ({
    ...{ heapBytes, residentBytes, files, openLegs },
  });
  it('is between the lowest of the ends, so that waves are none', () => {
    const waves = Array.from({ length: 30 }, (_, n) => held(50e6 + (n % 3) * 30e6, 200e6 + (n % 4) * 90e6, n % 5));
    expect(findGrowth(waves)).toMatchObject({ heapBytes: 0, leaks: [] });
  });
  it('is told of memory in use, of resident memory, and of open files', () => {
    const leaking = Array.from({ length: 30 }, (_, n) => held(n * 1e6, n * 5e6, n * 3));
    expect(findGrowth(leaking).leaks).toHaveLength(3);
  });
  it('is not what a queue that has grown may hold, and what leaks beside such a queue is told', () => {
    const queueing = (leakedBytes: number) =>
      Array.from({ length: 30 }, (_, n) => held(60e6 + n * (400_000 + leakedBytes), 200e6, 9, n * 250));
    expect(findGrowth(queueing(0)).leaks).toEqual([]);
    expect(findGrowth(queueing(800_000)).leaks).toEqual([expect.stringContaining('bytes more are in use')]);
    // Nor does one that has shrunk hide a leak.
    const leaking = Array.from({ length: 30 }, (_, n) => held(60e6 + n * 700_000, 200e6, 9, 3_000 - n * 100));
    expect(findGrowth(leaking).leaks).toHaveLength(1);
  });
});

describe('what a tag may mean', () => {
  const attempt = (digest: string, beganAt: number, ackedAt: number | null): Attempt => ({
    image: 'team/app:1',
    by: 'registry',
    name: 'team/app',
    tag: '1',
    digest,
    beganAt,
    ackedAt,
    pushId: null,
  });
  it('is not what a later acknowledged push has replaced before the question', () => {
    const attempts = [attempt('old', 0, 10), attempt('new', 20, 30)];
    expect([mayMean(attempts, 'old', 25), mayMean(attempts, 'old', 31), mayMean(attempts, 'new', 31)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(mayMean(attempts, 'other', 5)).toBe(false);
  });
});

describe('the witness', () => {
  const opened: Server[] = [];
  afterEach(() => {
    for (const server of opened.splice(0)) server.close();
  });

  it('sees which sessions a client was told of, which it used, and when their connection ended', async () => {
    const registry = createServer((request, response) => {
      request.resume();
      // In two pieces, the address cut in the middle.
      response.socket?.write(
        `HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nlocation: /v2/a/blobs/uploads/${ID.slice(0, 9)}`,
      );
      setImmediate(() => response.socket?.write(`${ID.slice(9)}\r\n\r\n`));
    });
    opened.push(registry);
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const { port } = registry.address() as AddressInfo;
    const witness = await openWitness({ host: '127.0.0.1', port });
    const answer = await fetch(`${witness.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect(answer.status).toBe(202);
    expect(witness.sessions.get(ID)).toMatchObject({ isUsed: false });
    await fetch(`${witness.url}/v2/a/blobs/uploads/${ID}`, { method: 'PATCH', body: 'x' });
    expect(witness.sessions.get(ID)).toMatchObject({ isUsed: true });
    await witness.close();
    await eventually(() => witness.sessions.get(ID)?.connectionEndedAt != null, {
      deadlineMs: 5_000,
      what: 'the end of the connection',
    });
  });

  it('sees whether a killed client had read what it was told, and one whose link was reset', async () => {
    const answer = `HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nlocation: /v2/a/blobs/uploads/${ID}\r\n\r\n`;
    const links: Socket[] = [];
    const registry = createTcpServer((socket) => {
      links.push(socket);
      socket.on('error', () => {});
      socket.once('data', () => socket.write(answer));
    });
    opened.push(registry);
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const { port } = registry.address() as AddressInfo;
    for (const [reads, ends] of [
      [true, 'killed'],
      [false, 'killed'],
      [true, 'reset'],
      [false, 'reset'],
    ] as const) {
      const witness = await openWitness({ host: '127.0.0.1', port });
      // A process of its own, which dies with its sockets.
      const client = spawn(process.execPath, ['-e', CLIENT, new URL(witness.url).port, String(reads)], {
        stdio: 'ignore',
      });
      await eventually(() => witness.sessions.has(ID), { deadlineMs: 10_000, what: 'the answer' });
      await eventually(() => !reads || !hasUnreadBytesOf(new URL(witness.url).port), {
        deadlineMs: 5_000,
        what: 'reading',
      });
      if (ends === 'killed') client.kill('SIGKILL');
      else links.at(-1)?.resetAndDestroy();
      await eventually(() => witness.sessions.get(ID)?.connectionEndedAt != null, {
        deadlineMs: 5_000,
        what: 'the end',
      });
      expect([reads, ends, witness.sessions.get(ID)?.wasUnread]).toEqual([reads, ends, !reads]);
      client.kill('SIGKILL');
      await witness.close();
    }
  });
});

/** Sends a request, and reads what comes; or stands still before it does. */
const CLIENT = `
  const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1', () => {
    socket.write('POST / HTTP/1.1\\r\\n\\r\\n');
    if (process.argv[2] === 'false') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
  socket.on('error', () => {});
  socket.on('data', () => {});
  setInterval(() => {}, 1000);
`;

/** Has the client at this port of the witness still to read something? */
function hasUnreadBytesOf(port: string): boolean {
  const hex = Number(port).toString(16).toUpperCase().padStart(4, '0');
  const theirs = readFileSync('/proc/net/tcp', 'utf8').matchAll(
    new RegExp(`:[0-9A-F]{4} [0-9A-F]+:${hex} 01 [0-9A-F]+:([0-9A-F]+) `, 'g'),
  );
  return [...theirs].some(([, waiting = '0']) => Number.parseInt(waiting, 16) > 0);
}
