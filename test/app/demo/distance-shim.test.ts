import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type DistanceShim, type DistanceShimOptions, openDistanceShim } from '../../../src/app/demo/distance-shim.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { pushImage } from '../../support/seed-image.ts';
import { makeBytes, makeImage } from '../../support/test-image.ts';

/** What the link carries at a time at most. */
const PIECE_BYTES = 16 * 1024;

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A server on loopback that does `handle` with each connection. */
async function openTarget(handle: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const openEcho = () => openTarget((socket) => socket.pipe(socket));

/** A connection through a shim. Its break is seen by who waits for it then, and by nobody when the shim is closed after the test. */
function connectTo(shim: DistanceShim): Socket {
  return connect(shim.port, shim.host).on('error', () => {});
}

async function openShim(
  options: Partial<DistanceShimOptions> & Pick<DistanceShimOptions, 'target'>,
): Promise<DistanceShim> {
  const shim = await openDistanceShim({ delayMs: 0, seed: 1, ...options });
  opened.push(shim);
  return shim;
}

/** Sends bytes, ends, and answers what came back until the other side ended; throws when the connection breaks. */
async function exchange(shim: DistanceShim, bytes: Buffer, pieceBytes = bytes.byteLength): Promise<Buffer> {
  const socket = connectTo(shim);
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) socket.write(bytes.subarray(at, at + pieceBytes));
  socket.end();
  await once(socket, 'close');
  if (socket.errored !== null) throw socket.errored;
  return Buffer.concat(received);
}

describe('a distance', () => {
  it('takes each byte its time, and connecting a round trip', async () => {
    const shim = await openShim({ target: await openEcho(), delayMs: 30 });
    const socket = connectTo(shim);
    await once(socket, 'connect');
    const roundTrip = async () => {
      const startMs = performance.now();
      socket.write('x');
      await once(socket, 'data');
      return performance.now() - startMs;
    };
    // Timers may fire a fraction of a millisecond early.
    expect(await roundTrip()).toBeGreaterThan(4 * 30 - 2);
    const later = await roundTrip();
    expect(later).toBeGreaterThan(2 * 30 - 2);
    expect(later).toBeLessThan(4 * 30);
    socket.destroy();
  });

  it('keeps the order of bytes however they jitter', async () => {
    const shim = await openShim({ target: await openEcho(), delayMs: 2, jitterMs: 15, seed: 7 });
    const bytes = makeBytes(3_000_000, 'jitter');
    expect((await exchange(shim, bytes, 7_777)).equals(bytes)).toBe(true);
    expect(shim.stats).toEqual({
      connections: 1,
      open: 0,
      bytesToTarget: 3_000_000,
      bytesFromTarget: 3_000_000,
      resets: 0,
    });
  });

  it('carries no more than its rate, all connections together', async () => {
    const shim = await openShim({
      target: await openTarget((socket) => socket.resume().on('end', () => socket.end())),
      bytesPerSecond: 2_000_000,
    });
    const startMs = performance.now();
    await Promise.all([1, 2, 3].map((seed) => exchange(shim, makeBytes(200_000, seed))));
    const elapsedMs = performance.now() - startMs;
    // 600 kB at 2 MB/s, less the 20 ms that an idle link may get ahead.
    expect(elapsedMs).toBeGreaterThan(275);
    expect(elapsedMs).toBeLessThan(900);
  });

  it('makes a sender wait for a receiver that does not read', async () => {
    const shim = await openShim({
      target: await openTarget((socket) => socket.pause()),
      bytesPerSecond: 1_000_000_000,
      delayMs: 1,
    });
    const socket = connectTo(shim);
    const bytes = makeBytes(64 * 1024 * 1024, 'flood');
    expect(socket.write(bytes)).toBe(false);
    let before = -1;
    await eventually(
      () => {
        const same = shim.stats.bytesToTarget === before && before > 0;
        before = shim.stats.bytesToTarget;
        return same;
      },
      { everyMs: 100, what: 'the flow coming to rest' },
    );
    expect(shim.stats.bytesToTarget).toBeLessThan(bytes.byteLength / 2);
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.destroy();
  });
});

describe('a break', () => {
  it('happens once, after about so many bytes, the same for the same seed', async () => {
    const target = await openEcho();
    const resetAt: number[] = [];
    for (const seed of [3, 3, 8]) {
      const shim = await openShim({ target, resetAfterBytes: 1_000_000, seed });
      await expect(exchange(shim, makeBytes(2_000_000, 'reset'))).rejects.toThrow(/ECONNRESET|EPIPE/);
      resetAt.push(shim.stats.bytesToTarget);
      expect(shim.stats.resets).toBe(1);
      expect((await exchange(shim, makeBytes(2_000_000, 'again'))).byteLength).toBe(2_000_000);
      expect(shim.stats.resets).toBe(1);
    }
    const [first = 0, same = 0, other = 0] = resetAt;
    // The piece that carries the byte of the break is the last that arrives, wherever it began.
    expect(Math.abs(first - same)).toBeLessThanOrEqual(PIECE_BYTES);
    expect(Math.abs(first - other)).toBeGreaterThan(2 * PIECE_BYTES);
  });

  it('is the end of what arrives, however much is on its way', async () => {
    // A target that reads nothing before the link holds far more than the break needs.
    const target = await openTarget((socket) => {
      socket.pause();
      setTimeout(() => socket.resume(), 200);
    });
    const shim = await openShim({ target, resetAfterBytes: 8_000_000, seed: 3 });
    await expect(exchange(shim, makeBytes(16_000_000, 'backlog'))).rejects.toThrow(/ECONNRESET|EPIPE/);
    // One and a half times as many at most, and the piece that it happens in.
    expect(shim.stats.bytesToTarget).toBeLessThan(12_000_000 + PIECE_BYTES);
  });

  it('of the link cuts what is open and refuses what is new, until it is mended', async () => {
    const shim = await openShim({ target: await openEcho() });
    const socket = connectTo(shim);
    socket.write('x');
    await once(socket, 'data');
    shim.cut();
    await expect(once(socket, 'data')).rejects.toThrow(/ECONNRESET/);
    await expect(exchange(shim, Buffer.from('y'))).rejects.toThrow();
    shim.mend();
    expect((await exchange(shim, Buffer.from('z'))).toString()).toBe('z');
  });

  it('at the target is a break at the client', async () => {
    const shim = await openShim({
      target: await openTarget((socket) => socket.once('data', () => socket.resetAndDestroy())),
    });
    await expect(exchange(shim, Buffer.from('x'))).rejects.toThrow(/ECONNRESET/);
    const nobody = await openShim({ target: { host: '127.0.0.1', port: 1 } });
    await expect(exchange(nobody, Buffer.from('x'))).rejects.toThrow(/ECONNRESET/);
  });
});

it('leaves nothing open when it is closed', async () => {
  const shim = await openDistanceShim({ target: await openEcho(), delayMs: 1_000, seed: 1 });
  const socket = connectTo(shim);
  await once(socket, 'connect');
  socket.write('never arrives');
  await eventually(() => shim.stats.open === 1);
  await shim.close();
  await eventually(() => socket.closed);
  expect(shim.stats.open).toBe(0);
});

it('lets an image through to a registry far away', async () => {
  await using registry = await openTestRegistry();
  const shim = await openShim({ target: registry, delayMs: 5, jitterMs: 3, bytesPerSecond: 20_000_000 });
  await pushImage(shim.url, 'team/app', 'v1', makeImage({ layers: [{ size: 1_000_000 }] }));
  expect(registry.count('PUT', /manifests/)).toBe(1);
});
