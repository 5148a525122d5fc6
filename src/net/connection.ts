import type { Socket } from 'node:net';
import { openSocketOptions } from './socket-options.ts';
import type { TcpInfo } from './tcp-info.ts';

/** A connection that a client made, for those who measure: how long its parts took, and what the kernel knows of it. */
export type Connection = {
  /** Scheme, host and port that it leads to. */
  readonly origin: string;
  /** Is the far side so far away that the socket was set up for a long path? */
  readonly isLongPath: boolean;
  /** Milliseconds; null where there was nothing to look up, or no TLS. */
  readonly dnsMs: number | null;
  readonly connectMs: number;
  readonly tlsMs: number | null;
  /** Undefined where the kernel does not say, and once it is closed. */
  findTcpInfo(): TcpInfo | undefined;
  /** The same, and of one that is closed what the kernel said last. */
  findLastTcpInfo(): TcpInfo | undefined;
  findCongestionControl(): string | undefined;
  /** Sent bytes may stay unacknowledged for so long, from now on, before the kernel ends the connection. */
  limitSilence(ms: number): void;
};

const options = openSocketOptions();

/** Notes when the parts of connecting are over. Call it right after the socket began; `finish` once it is ready. */
export function watchConnecting(
  socket: Socket,
  nowMs: () => number,
): { finish(known: Pick<Connection, 'origin' | 'isLongPath'>): Connection } {
  const startedMs = nowMs();
  let lookedUpMs: number | undefined;
  let connectedMs: number | undefined;
  socket.once('lookup', () => {
    lookedUpMs = nowMs();
  });
  socket.once('connect', () => {
    connectedMs = nowMs();
  });
  return {
    finish(known) {
      const readyMs = nowMs();
      const connectedAt = connectedMs ?? readyMs;
      const findTcpInfo = () => options.findTcpInfo(socket);
      const last = keepLast(socket, findTcpInfo);
      return {
        ...known,
        dnsMs: lookedUpMs === undefined ? null : lookedUpMs - startedMs,
        connectMs: connectedAt - (lookedUpMs ?? startedMs),
        tlsMs: 'encrypted' in socket ? readyMs - connectedAt : null,
        findTcpInfo,
        findLastTcpInfo: () => findTcpInfo() ?? last(),
        findCongestionControl: () => options.findCongestionControl(socket),
        limitSilence: (ms) => void options.setUserTimeout(socket, ms),
      };
    },
  };
}

/** What can be found of a socket just before it is destroyed: afterwards it has no descriptor any more. */
function keepLast<T>(socket: Socket, find: () => T | undefined): () => T | undefined {
  let last: T | undefined;
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (...args) => {
    last = find() ?? last;
    return destroy(...args);
  };
  return () => last;
}
