import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { eventually } from './eventually.ts';

export type PatientLink = AsyncDisposable & {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
};

/** A way to a port on which connections wait while nobody listens there, as at a load balancer; they break as its own do. */
export async function openPatientLink(port: number): Promise<PatientLink> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const carry = async (from: Socket) => {
    keep(from);
    const onward = await eventually(
      async () => {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
      { everyMs: 50, deadlineMs: 60_000, what: 'somebody listening' },
    );
    keep(onward);
    from.pipe(onward).pipe(from);
    onward.on('close', () => from.destroy());
    from.on('close', () => onward.destroy());
  };
  const server = createServer((from) => void carry(from).catch(() => from.destroy()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
