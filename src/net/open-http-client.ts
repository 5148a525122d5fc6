import { Agent, type Dispatcher } from 'undici';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import { isForbiddenAddress } from './address-guard.ts';
import type { Connection } from './connection.ts';
import { openConnector } from './connector.ts';
import type { HttpClient, HttpRequest } from './http-client.ts';
import { HttpExchange } from './http-exchange.ts';
import { toExchangeFailure } from './net-failure.ts';

export type HttpClientOptions = {
  /** PEM of a certificate authority to trust besides the public ones. */
  readonly ca?: string;
  /** Default 20 s: room for several addresses of which the first ones are dead. */
  readonly connectTimeoutMs?: number;
  /** No byte for this long, in either direction, is `stalled`. Default 30 s. */
  readonly stallMs?: number;
  /** How long headers may take after the request was written, where the request does not say. Default 60 s. */
  readonly headersTimeoutMs?: number;
  /** Connections at once to one origin, for blobs (default 32) and for all else (default 16); further requests wait. */
  readonly blobConnections?: number;
  readonly apiConnections?: number;
  /** Which addresses requests marked `ledByRemote` may connect to. Default: all that are not forbidden. */
  readonly allowAddress?: (address: string) => boolean;
  /** Told of each connection once it is ready: for those who measure. */
  readonly onConnected?: (connection: Connection) => void;
  readonly clock?: Clock;
};

/** Idle connections are kept this long, less where the server says so: a new TLS connection costs three round trips of the border. */
const KEEP_ALIVE_MS = 30_000;

/**
 * HTTP/1.1 through undici. HTTP/2 stays off: its streams share one TCP connection, which is slower on a long lossy
 * link than connections of their own.
 */
export function openHttpClient(options: HttpClientOptions = {}): HttpClient {
  const clock = options.clock ?? systemClock;
  const stallMs = options.stallMs ?? 30_000;
  const allowAddress = options.allowAddress ?? ((address: string) => !isForbiddenAddress(address));
  const connectorOptions = {
    connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
    stallMs,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.onConnected === undefined ? {} : { onConnected: options.onConnected }),
  };
  const connect = openConnector(connectorOptions);
  const connectGuarded = openConnector({ ...connectorOptions, allowAddress });
  const agents = new Map<string, Agent>();
  let closed = false;

  function findAgent(purpose: 'api' | 'blob', guarded: boolean): Agent {
    const key = `${purpose} ${guarded}`;
    let agent = agents.get(key);
    if (agent === undefined) {
      agent = new Agent({
        allowH2: false,
        pipelining: 1,
        connections: purpose === 'blob' ? (options.blobConnections ?? 32) : (options.apiConnections ?? 16),
        connect: guarded ? connectGuarded : connect,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // The exchange watches its own phases, to the millisecond and knowing who waits for whom.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      agents.set(key, agent);
    }
    return agent;
  }

  async function request(asked: HttpRequest): Promise<Awaited<ReturnType<HttpClient['request']>>> {
    const exchange = new HttpExchange(
      asked,
      { stallMs, headersTimeoutMs: asked.headersTimeoutMs ?? options.headersTimeoutMs ?? 60_000 },
      clock,
    );
    if (!exchange.ended) {
      try {
        if (closed) throw new Failure('cancelled', 'the HTTP client is closed');
        findAgent(asked.purpose ?? 'api', asked.ledByRemote === true).dispatch(
          toDispatchOptions(asked, exchange),
          exchange,
        );
      } catch (error) {
        exchange.failWith(toExchangeFailure(error, `${asked.method} ${redactUrl(asked.url)}`));
      }
    }
    return await exchange.response;
  }

  return {
    request,
    async close() {
      closed = true;
      await Promise.all(
        [...agents.values()].map((agent) => agent.destroy(new Failure('cancelled', 'the HTTP client was closed'))),
      );
      agents.clear();
    },
  };
}

function toDispatchOptions(request: HttpRequest, exchange: HttpExchange): Dispatcher.DispatchOptions {
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
