import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSocketOptions } from '../../src/net/socket-options.ts';

describe.skipIf(process.platform !== 'linux')('socket options of the kernel', () => {
  const options = openSocketOptions();
  const server = createServer((socket) => socket.resume());
  let socket: Socket;

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
  });

  afterEach(async () => {
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('sets an algorithm that the kernel allows, and says so when it does not', () => {
    const allowed = readFileSync('/proc/sys/net/ipv4/tcp_allowed_congestion_control', 'utf8').trim().split(' ');
    for (const algorithm of allowed) {
      expect(options.setCongestionControl(socket, algorithm)).toBe(true);
      expect(options.findCongestionControl(socket)).toBe(algorithm);
    }
    expect(options.setCongestionControl(socket, 'no-such-thing')).toBe(false);
    expect(options.findCongestionControl(socket)).toBe(allowed.at(-1));
  });

  it('counts what the far side has acknowledged', async () => {
    const before = options.findTcpInfo(socket);
    expect(before?.roundTripMs).toBeGreaterThan(0);
    expect(before?.roundTripMs).toBeLessThan(1_000);
    await new Promise<void>((resolve) => socket.write(Buffer.alloc(100_000), () => resolve()));
    for (;;) {
      const acknowledged = (options.findTcpInfo(socket)?.acknowledgedBytes ?? 0) - (before?.acknowledgedBytes ?? 0);
      if (acknowledged >= 100_000) {
        expect(acknowledged).toBeLessThanOrEqual(100_001);
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('takes timeouts and low-water marks', () => {
    expect(options.setUserTimeout(socket, 30_000)).toBe(true);
    // A thousand hours are more milliseconds than the kernel can count.
    expect(options.setUserTimeout(socket, 3_600_000_000)).toBe(true);
    expect(options.setUserTimeout(socket, Number.POSITIVE_INFINITY)).toBe(true);
    expect(options.setNotSentLowWater(socket, 512 * 1024)).toBe(true);
  });

  it('does nothing to a socket that is gone', () => {
    socket.destroy();
    expect(options.setCongestionControl(socket, 'cubic')).toBe(false);
    expect(options.findTcpInfo(socket)).toBeUndefined();
  });
});
