import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { TEST_CERTIFICATE, TEST_KEY } from './tls-fixture.ts';

export type ScriptedServer = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** How many there ever were, and how many there are. */
  readonly connections: () => number;
  readonly open: () => number;
};

/** A loopback HTTP server that answers as the test says; `tls` with the certificate of the test authority. */
export async function openScriptedServer(
  listener: RequestListener,
  options: { tls?: boolean } = {},
): Promise<ScriptedServer> {
  const server =
    options.tls === true
      ? createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, listener)
      : createServer(listener);
  return await listen(server, options.tls === true ? 'https' : 'http');
}

/** A loopback TCP server, for answers that no HTTP server would give. */
export async function openRawServer(onSocket: (socket: Socket) => void): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onSocket(socket);
  });
  const listening = await listen(server, 'http');
  return {
    ...listening,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await listening[Symbol.asyncDispose]();
    },
  };
}

async function listen(server: Server | ReturnType<typeof createTcpServer>, scheme: string): Promise<ScriptedServer> {
  let connections = 0;
  let open = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    open: () => open,
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** All bytes of a request's body. */
export async function readRequest(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
