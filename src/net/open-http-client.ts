import type { Dispatcher } from 'undici';
import type { ClientIdentity } from '../kernel/client-identity.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import { isForbiddenAddress } from './address-guard.ts';
import type { Connection } from './connection.ts';
import { ConnectionPool, type Traffic } from './connection-pool.ts';
import { openConnector } from './connector.ts';
import type { HttpClient, HttpRequest } from './http-client.ts';
import { HttpExchange } from './http-exchange.ts';
import { toExchangeFailure } from './net-failure.ts';
import { Pace } from './pace.ts';
import { StallLimit } from './stall-limit.ts';

export type HttpClientOptions = {
  /** PEM of a certificate authority to trust besides the public ones. */
  readonly ca?: string;
  /** Shown to servers that ask for a client certificate. */
  readonly identity?: ClientIdentity;
  /** Default 20 s: room for several addresses of which the first ones are dead. */
  readonly connectTimeoutMs?: number;
  /** No byte for this long, in either direction, is `stalled`. Default 30 s. */
  readonly stallMs?: number;
  /** With this the time follows from the path's own pauses, between this and `stallMs`. Default: it does not. */
  readonly leastStallMs?: number;
  /** Over how long an upload's connection is compared with the others to the same origin. Default 8 s. */
  readonly siblingWindowMs?: number;
  /** How long headers may take after the request was written, where the request does not say. Default 60 s. */
  readonly headersTimeoutMs?: number;
  /** Connections at once to one origin, for blobs (default 32) and for all else (default 16); further requests wait. */
  readonly blobConnections?: number;
  readonly apiConnections?: number;
  /** Bytes per second that the bodies of blobs may move together, both ways, asked for each piece; null is no cap. */
  readonly bytesPerSecond?: () => number | null;
  /** By name, instead of what suits the path: for those who measure the path itself. Default: what suits the path. */
  readonly congestionControl?: string;
  /** Which addresses requests marked `ledByRemote` may connect to. Default: all that are not forbidden. */
  readonly allowAddress?: (address: string) => boolean;
  /** Told of each connection once it is ready: for those who measure. */
  readonly onConnected?: (connection: Connection) => void;
  readonly clock?: Clock;
};

/**
 * HTTP/1.1 through undici. HTTP/2 stays off: its streams share one TCP connection, which is slower on a long lossy
 * link than connections of their own.
 */
export function openHttpClient(options: HttpClientOptions = {}): HttpClient {
  const clock = options.clock ?? systemClock;
  const stallMs = options.stallMs ?? 30_000;
  const stall = new StallLimit({ leastMs: options.leastStallMs ?? stallMs, mostMs: stallMs }, () => clock.elapsedMs());
  const allowAddress = options.allowAddress ?? ((address: string) => !isForbiddenAddress(address));
  const connectorOptions = {
    connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
    ...(options.congestionControl === undefined ? {} : { congestionControl: options.congestionControl }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.identity === undefined ? {} : { identity: options.identity }),
  };
  const connect = openConnector(connectorOptions);
  const connectGuarded = openConnector({ ...connectorOptions, allowAddress });
  const limits = {
    questions: options.apiConnections ?? 16,
    blobs: options.blobConnections ?? 32,
    stallMs: () => stall.ms,
    ...(options.siblingWindowMs === undefined ? {} : { siblingWindowMs: options.siblingWindowMs }),
  };
  const pools = new Map<string, ConnectionPool>();
  const pace = options.bytesPerSecond === undefined ? undefined : new Pace(options.bytesPerSecond, clock);
  let closed = false;

  function poolOf(origin: string, guarded: boolean): ConnectionPool {
    const key = `${origin} ${guarded}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      const open = guarded ? connectGuarded : connect;
      pool = new ConnectionPool(
        origin,
        (onConnected) =>
          open((connection) => {
            onConnected(connection);
            stall.connected(connection.findTcpInfo()?.roundTripMs ?? 0);
            options.onConnected?.(connection);
          }),
        limits,
      );
      pools.set(key, pool);
    }
    return pool;
  }

  async function request(asked: HttpRequest): Promise<Awaited<ReturnType<HttpClient['request']>>> {
    const isLedByRemote = asked.ledByRemote === true;
    const isLongPath = (): boolean => poolOf(new URL(asked.url).origin, isLedByRemote).isLongPath === true;
    const exchange = new HttpExchange(
      asked,
      {
        stall,
        headersTimeoutMs: asked.headersTimeoutMs ?? options.headersTimeoutMs ?? 60_000,
        ...(pace === undefined || asked.purpose !== 'blob' ? {} : { pace }),
      },
      clock,
      isLongPath,
    );
    if (exchange.ended) return await exchange.response;
    const refuse = (error: unknown) =>
      exchange.failWith(toExchangeFailure(error, `${asked.method} ${redactUrl(asked.url)}`));
    try {
      if (closed) throw new Failure('cancelled', 'the HTTP client is closed');
      const dispatch = toDispatchOptions(asked, exchange);
      const taken = poolOf(dispatch.origin, isLedByRemote).take(trafficOf(asked), {
        begin(dispatcher, release) {
          exchange.onOver(release);
          try {
            dispatcher.dispatch(dispatch, exchange);
          } catch (error) {
            refuse(error);
          }
        },
        refuse,
        get isHeldUp() {
          return exchange.isHeldUp;
        },
        replace: () => exchange.replace(),
      });
      exchange.onOver(() => taken.giveUp());
    } catch (error) {
      refuse(error);
    }
    return await exchange.response;
  }

  return {
    request,
    async close() {
      closed = true;
      const reason = new Failure('cancelled', 'the HTTP client was closed');
      await Promise.all([...pools.values()].map((pool) => pool.destroy(reason)));
      pools.clear();
    },
  };
}

function trafficOf(request: HttpRequest): Traffic {
  if (request.purpose !== 'blob') return 'question';
  return request.body === undefined ? 'download' : 'upload';
}

function toDispatchOptions(
  request: HttpRequest,
  exchange: HttpExchange,
): Dispatcher.DispatchOptions & { readonly origin: string } {
  const url = new URL(request.url);
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: { ...request.headers },
    body: exchange.body,
    // Without this undici closes the connection after every HEAD.
    reset: false,
  };
}
