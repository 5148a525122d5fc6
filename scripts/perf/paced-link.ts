import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenBucket } from '../../src/app/demo/token-bucket.ts';

/** Timers are no finer than this. */
const LEAST_WAIT_MS = 2;

export type PacedLink = AsyncDisposable & { readonly url: string; readonly address: string };

/** A way to a server that carries so many bytes a second towards it, all connections together. */
export async function openPacedLink(url: string, bytesPerSecond: number): Promise<PacedLink> {
  const { hostname, port } = new URL(url);
  const link = new TokenBucket(bytesPerSecond);
  const sockets = new Set<Socket>();
  const carry = async (from: Socket, onward: Socket) => {
    for await (const piece of from) {
      const waitMs = link.take(piece.byteLength, performance.now()) - performance.now();
      if (waitMs >= LEAST_WAIT_MS) await sleep(waitMs);
      if (!onward.write(piece)) await once(onward, 'drain');
    }
    onward.end();
  };
  const server = createServer((from) => {
    const onward = connect(Number(port), hostname);
    for (const socket of [from, onward]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    onward.pipe(from);
    carry(from, onward).catch(() => onward.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    address: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
