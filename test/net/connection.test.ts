import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { watchConnecting } from '../../src/net/connection.ts';
import { eventually } from '../support/eventually.ts';

test.skipIf(process.platform !== 'linux')('what a connection carried is known also when it is closed', async () => {
  const server = createServer((socket) => socket.resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const watch = watchConnecting(socket, () => performance.now());
    await once(socket, 'connect');
    const connection = watch.finish({ origin: 'http://registry', isLongPath: false });
    expect(connection.findLastTcpInfo()?.acknowledgedBytes).toBeLessThan(100_000);
    await new Promise<void>((resolve) => socket.write(Buffer.alloc(100_000), () => resolve()));
    await eventually(() => (connection.findTcpInfo()?.acknowledgedBytes ?? 0) >= 100_000, {
      what: 'the far side having it',
    });
    await new Promise<void>((resolve) => socket.write(Buffer.alloc(1_000), () => resolve()));
    await eventually(() => connection.findTcpInfo()?.unacknowledgedPackets === 0, { what: 'the rest arriving' });
    socket.destroy();
    await once(socket, 'close');
    expect(connection.findTcpInfo()).toBeUndefined();
    expect(connection.findLastTcpInfo()?.acknowledgedBytes).toBeGreaterThanOrEqual(101_000);
  } finally {
    server.close();
  }
});
