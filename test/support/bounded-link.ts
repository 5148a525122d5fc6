import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type LinkBounds = {
  /** What one connection gets at most, as where loss bounds it. */
  readonly perConnection: number;
  /** What all get together at most, as of a line that is capped. */
  readonly inAll?: number;
};

export type BoundedLink = AsyncDisposable & {
  readonly url: string;
  /** The most connections that were open at the same time. */
  readonly mostAtOnce: number;
};

/** A link to a server whose answers come at so many bytes per second. */
export async function openBoundedLink(to: string, { perConnection, inAll }: LinkBounds): Promise<BoundedLink> {
  const { port } = new URL(to);
  const sockets = new Set<Socket>();
  const open = new Set<Socket>();
  let mostAtOnce = 0;
  const together = openTurn(inAll ?? Number.POSITIVE_INFINITY);
  const carry = async (answers: Socket, back: Socket) => {
    const alone = openTurn(perConnection);
    for await (const piece of answers) {
      if (!back.write(piece)) await once(back, 'drain');
      await sleep(Math.max(alone(piece.byteLength), together(piece.byteLength)));
    }
    back.end();
  };
  const server = createServer((from) => {
    const onward = connect(Number(port), '127.0.0.1');
    for (const socket of [from, onward]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    open.add(from);
    mostAtOnce = Math.max(mostAtOnce, open.size);
    from.pipe(onward);
    carry(onward, from).catch(() => from.destroy());
    from.on('close', () => {
      open.delete(from);
      onward.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get mostAtOnce() {
      return mostAtOnce;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Milliseconds to wait after so many bytes, for all who take their turn together. */
function openTurn(bytesPerSecond: number): (bytes: number) => number {
  let freeAtMs = 0;
  return (bytes) => {
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (bytes / bytesPerSecond) * 1_000;
    return freeAtMs - nowMs;
  };
}
