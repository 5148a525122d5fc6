import type { Server as HttpServer, IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Log } from '../telemetry/log.ts';
import type { ListenTls, TlsMaterial } from './listen-tls.ts';

/** Long enough for a bad line; a connection that says nothing costs a file descriptor until then. */
const HANDSHAKE_MS = 20_000;

/** Connections keep the certificate that they began with; new ones get the one of the day. */
export function openTlsServer(
  tls: ListenTls,
  limits: ServerOptions,
  log: Log,
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Server {
  const server = createServer(
    {
      ...limits,
      ...contextOf(tls.material),
      handshakeTimeout: HANDSHAKE_MS,
      // A caller without a certificate may have a token.
      requestCert: tls.material.clientCa !== undefined,
      rejectUnauthorized: false,
    },
    answer,
  );
  tls.onChange((material) => server.setSecureContext(contextOf(material)));
  // Whoever comes with plain HTTP, or does not trust the certificate, is found here by someone who looks.
  server.on('tlsClientError', (error: Error & { code?: string }, socket: TLSSocket) => {
    log.debug({ event: 'tls handshake failed', from: socket.remoteAddress, error: error.code ?? error.message });
  });
  return server;
}

/**
 * Ends the belief in client certificates that the handshakes of standing connections have established: idle connections
 * are closed, others once they have answered, so that whoever comes again is looked at anew.
 */
export function shakeHandsAnew(server: Server | HttpServer, active: Iterable<ServerResponse>): void {
  for (const answer of active) {
    if (!answer.headersSent) answer.shouldKeepAlive = false;
    if (answer.req.socket instanceof TLSSocket) answer.req.socket.authorized = false;
  }
  server.closeIdleConnections();
}

/** TLS 1.0 and 1.1 are not to be used: RFC 8996. */
function contextOf({ cert, key, clientCa, revoked }: TlsMaterial) {
  return {
    ...{ cert, key, minVersion: 'TLSv1.2' as const },
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    ...(revoked === undefined ? {} : { crl: [...revoked] }),
  };
}

/**
 * The connections themselves, below TLS and HTTP: the HTTP server does not know those whose handshake has not come to
 * an end, and would wait for them while it closes.
 */
export function trackConnections(server: Server | HttpServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
