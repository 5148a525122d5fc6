import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { Failure } from '../kernel/failure.ts';
import type { Log } from '../telemetry/log.ts';
import { AcceptGuard } from './accept-guard.ts';
import { BodyWatch } from './body-watch.ts';
import { ConnectionRoom } from './connection-room.ts';
import { hasSameLists, type ListenTls } from './listen-tls.ts';
import type { ApiBindings } from './request-context.ts';
import { openTlsServer, shakeHandsAnew, trackConnections } from './tls-server.ts';

/** Longer than the 60 s after which common balancers drop an idle connection, so that they are the ones who end it. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 60_000;
const BODY_STALL_MS = 60_000;
/** While closing, a connection on which nothing at all has come by then is one that was opened in advance. */
const SILENT_MS = 1_000;

export type HttpApp = { fetch(request: Request, bindings: ApiBindings): Response | Promise<Response> };

export type HttpListener = {
  readonly url: string;
  readonly port: number;
  /**
   * Ends event streams and waits, and resolves when the other answers under way are given, or after `graceMs`. Whoever
   * comes meanwhile is answered too.
   */
  drain(graceMs: number): Promise<void>;
  /**
   * Takes no more connections, ends event streams and waits, lets requests finish for `graceMs`, then cuts what is
   * left. Resolves when no connection is left; asked again, it is the same closing.
   */
  close(graceMs: number): Promise<void>;
};

/** Answers a request before the app sees it and says so, or leaves it untouched. */
export type HttpShortcut = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export type HttpListenOptions = {
  readonly app: HttpApp;
  readonly shortcut?: HttpShortcut;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Without it, plain HTTP. */
  readonly tls?: ListenTls | undefined;
  readonly log: Log;
  /** A body of which no byte comes for this long is given up, milliseconds; there is no limit to how long it may take. */
  readonly bodyStallMs?: number;
  /** Connections at once; without it, as many as the system allows. */
  readonly mostConnections?: number | undefined;
};

/** Serves the app over HTTP/1.1, with or without TLS. Throws `config_invalid` when the address cannot be listened on. */
export async function listenHttp({
  app,
  shortcut = () => false,
  host,
  port,
  tls,
  log,
  bodyStallMs = BODY_STALL_MS,
  mostConnections = Number.POSITIVE_INFINITY,
}: HttpListenOptions): Promise<HttpListener> {
  const closing = new AbortController();
  const listener = getRequestListener(
    (request, bindings) => app.fetch(request, Object.assign(bindings, { closing: closing.signal }) as ApiBindings),
    {
      errorHandler: () => badRequest(),
    },
  );
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (room.refuse(incoming, outgoing) || shortcut(incoming, outgoing)) return;
    void listener(incoming, outgoing);
  };
  const limits = { requestTimeout: 0, headersTimeout: HEADERS_MS, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = tls === undefined ? createServer(limits, answer) : openTlsServer(tls, limits, log, answer);
  const room = new ConnectionRoom(server, { most: mostConnections, log });
  const connections = trackConnections(server);
  const active = trackAnswers(server, closing.signal);
  const watch = new BodyWatch(server, bodyStallMs, log);
  let believed = tls?.material;
  tls?.onChange((material) => {
    if (!hasSameLists(material, believed)) shakeHandsAnew(server, active);
    believed = material;
  });
  await listen(server, host, port);
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const guard = new AcceptGuard(server, { host, port: bound }, log);
  let closed: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${formatHost(host)}:${bound}`,
    port: bound,
    drain(graceMs) {
      const underWay = [...active].map((answer) => once(answer, 'close').catch(() => {}));
      closing.abort();
      return endsWithin(graceMs, Promise.all(underWay));
    },
    close: (graceMs) => {
      guard.close();
      closed ??= closeServer(server, { active, connections, closing, graceMs }).finally(() => watch.close());
      return closed;
    },
  };
}

function listen(server: Server | TlsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new Failure('config_invalid', `Cannot listen on ${formatHost(host)}:${port}: ${cause.message}`, { cause }),
      );
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** Resolves with the work, or without it after so long. */
async function endsWithin(ms: number, work: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const late = sleep(ms, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([work, late]);
  patience.abort();
}

/** The answers under way. While closing, each ends its connection instead of keeping it for another request. */
function trackAnswers(server: Server | TlsServer, closing: AbortSignal): ReadonlySet<ServerResponse> {
  const active = new Set<ServerResponse>();
  server.prependListener('request', (_request: IncomingMessage, answer: ServerResponse) => {
    if (closing.aborted) answer.shouldKeepAlive = false;
    active.add(answer);
    answer.once('close', () => {
      active.delete(answer);
      if (closing.aborted) server.closeIdleConnections();
    });
  });
  return active;
}

type ClosingParts = {
  readonly active: ReadonlySet<ServerResponse>;
  readonly connections: ReadonlySet<Socket>;
  readonly closing: AbortController;
  readonly graceMs: number;
};

function closeServer(
  server: Server | TlsServer,
  { active, connections, closing, graceMs }: ClosingParts,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (which: (connection: Socket) => boolean) => {
      for (const connection of connections) if (which(connection)) connection.destroy();
    };
    const silent = setTimeout(() => end(({ bytesRead }) => bytesRead === 0), Math.min(SILENT_MS, graceMs));
    const cut = setTimeout(() => end(() => true), graceMs);
    server.close(() => {
      clearTimeout(silent);
      clearTimeout(cut);
      resolve();
    });
    for (const answer of active) if (!answer.headersSent) answer.shouldKeepAlive = false;
    closing.abort();
    server.closeIdleConnections();
  });
}

/** An address as it stands in a URL; the wildcard addresses as the loopback one that reaches them. */
function formatHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** What the app never sees: a request without a usable host or target. */
function badRequest(): Response {
  const problem = {
    type: '/docs#validation_failed',
    title: 'The request is not valid',
    status: 400,
    detail: 'The request has no valid Host or target',
    code: 'validation_failed',
    instance: '/',
  };
  return new Response(JSON.stringify(problem), {
    status: 400,
    headers: { 'content-type': 'application/problem+json' },
  });
}
