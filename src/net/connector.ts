import { isIP, Socket } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { buildConnector as Undici } from 'undici';
import type { ClientIdentity } from '../kernel/client-identity.ts';
import { AddressMemory, forbidden, type ResolveName } from './address-memory.ts';
import { type Connection, watchConnecting } from './connection.ts';
import { keepLastWord } from './last-word.ts';
import { toConnectFailure } from './net-failure.ts';
import { tuneSocket } from './tune-socket.ts';
import { buildConnector } from './undici-core.ts';

/** How long one address may take before the next is tried beside it. Node's 250 ms gives up addresses an ocean away. */
const NEXT_ADDRESS_MS = 3_000;
const TCP_KEEP_ALIVE_MS = 15_000;

export type ConnectorOptions = {
  /** PEM of a certificate authority that is trusted besides the public ones (an endpoint may redirect to a public store). */
  readonly ca?: string;
  readonly identity?: ClientIdentity;
  readonly connectTimeoutMs: number;
  /** Instead of what suits the path. */
  readonly congestionControl?: string;
  /** Connects only to addresses that this lets pass; without it, to any. */
  readonly allowAddress?: (address: string) => boolean;
  /** For tests. */
  readonly resolve?: ResolveName;
};

/** A way to a connected socket, as undici wants it; `onConnected` is told of each connection once it is ready. */
export type Connect = (onConnected: (connection: Connection) => void) => Undici.connector;

function openContext({ ca, identity }: Pick<ConnectorOptions, 'ca' | 'identity'>): SecureContext {
  return createSecureContext({
    ca: [...getCACertificates('default'), ...(ca === undefined ? [] : [ca])],
    ...(identity === undefined ? {} : { cert: identity.cert, key: identity.key.reveal() }),
  });
}

/** Connections with our limits; what they fail with is always a `Failure`. */
export function openConnector(options: ConnectorOptions): Connect {
  const { allowAddress } = options;
  // undici remembers sessions weakly: what nobody else holds is gone with the next collection of garbage.
  const sessions = new Map<string, Buffer>();
  const addresses = new AddressMemory();
  const connect = buildConnector({
    allowH2: false,
    timeout: options.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    lookup: addresses.lookup(allowAddress ?? (() => true), options.resolve),
    // One context for all connections: parsing the public authorities again takes longer than a handshake.
    ...(options.ca === undefined && options.identity === undefined ? {} : { secureContext: openContext(options) }),
  });
  return (onConnected) => (target, callback) => {
    const where = `${target.hostname}:${target.port || (target.protocol === 'https:' ? '443' : '80')}`;
    if (allowAddress !== undefined && isIP(target.hostname) !== 0 && !allowAddress(target.hostname)) {
      queueMicrotask(() => callback(forbidden(target.hostname), null));
      return;
    }
    let watched: ReturnType<typeof watchConnecting> | undefined;
    // The types keep it to themselves, but what is connecting is returned.
    const connecting: unknown = connect(target, (error, socket) => {
      if (error !== null) {
        addresses.forget(target.hostname);
        callback(toConnectFailure(error, where), null);
        return;
      }
      keepLastWord(socket);
      const { isLongPath } = tuneSocket(socket, options.congestionControl);
      const connection = watched?.finish({ origin: `${target.protocol}//${target.host}`, isLongPath });
      // The kernel's figure is of this address alone; ours has in it how long a dead one before it was waited for.
      const roundTripMs = connection?.findTcpInfo()?.roundTripMs ?? connection?.connectMs ?? 0;
      if (socket.remoteAddress !== undefined) addresses.note(target.hostname, socket.remoteAddress, roundTripMs);
      if (connection !== undefined) onConnected(connection);
      callback(null, socket);
    });
    if (!(connecting instanceof Socket)) return;
    connecting.on('session', (session: Buffer) => sessions.set(where, session));
    watched = watchConnecting(connecting, () => performance.now());
  };
}
