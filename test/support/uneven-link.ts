import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes read at a time: small, so that a slow connection does not take much before it is slow. */
const PIECE_BYTES = 16 * 1024;

export type UnevenLink = AsyncDisposable & {
  readonly url: string;
  /** Connections so far, and which of them was the slow one. */
  readonly connections: number;
};

/**
 * A link to a server on which each connection goes at the same rate towards it, but for the first that carries much: it
 * gets so small a share of that, for as long as it lives.
 */
export async function openUnevenLink(
  to: string,
  { bytesPerSecond, share }: { readonly bytesPerSecond: number; readonly share: number },
): Promise<UnevenLink> {
  const { port } = new URL(to);
  const sockets = new Set<Socket>();
  let connections = 0;
  let slow: Socket | undefined;
  const carry = async (from: Socket, onward: Socket) => {
    let carried = 0;
    for await (const piece of from) {
      carried += piece.byteLength;
      if (carried > 8 * PIECE_BYTES) slow ??= from;
      if (!onward.write(piece)) await once(onward, 'drain');
      const rate = bytesPerSecond * (from === slow ? share : 1);
      if (carried > 2 * PIECE_BYTES) await sleep((piece.byteLength / rate) * 1_000);
    }
    onward.end();
  };
  const server = createServer({ highWaterMark: PIECE_BYTES }, (from) => {
    connections += 1;
    const onward = connect(Number(port), '127.0.0.1');
    for (const socket of [from, onward]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    onward.pipe(from);
    carry(from, onward).catch(() => onward.destroy());
    from.on('close', () => onward.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
