import type { Connection } from '../../net/connection.ts';
import type { TcpInfo } from '../../net/tcp-info.ts';

/** Connections with less than this carried questions, no body. */
export const BODY_BYTES = 64 * 1024;

type Known = { readonly connection: Connection; info: TcpInfo | undefined; readonly algorithm: string | null };

/** The connections that a sample made, and what the kernel says of them all together. */
export class ConnectionTotals {
  readonly #connections: Known[] = [];

  readonly note = (connection: Connection): void => {
    // Asked now: a connection that has closed does not tell.
    this.#connections.push({ connection, info: undefined, algorithm: connection.findCongestionControl() ?? null });
  };

  get first(): Connection | undefined {
    return this.#connections[0]?.connection;
  }

  /** Closed connections keep what was last read of them. Null where the kernel says nothing. */
  acknowledgedBytes(): number | null {
    return this.#sum((info) => info.acknowledgedBytes);
  }

  retransmittedBytes(): number | null {
    return this.#sum((info) => info.retransmittedBytes);
  }

  /** How many carried the body; without the kernel's word those beyond the one for questions. */
  bodyConnections(): number {
    const infos = this.#connections.flatMap(({ info }) => (info === undefined ? [] : [info]));
    const carrying = infos.filter(({ acknowledgedBytes }) => acknowledgedBytes >= BODY_BYTES).length;
    return carrying > 0 ? carrying : Math.max(this.#connections.length - 1, 0);
  }

  /** What all of those that carried the body use; null where it is not known or not one and the same. */
  congestionControl(): string | null {
    const carrying = this.#connections.filter(({ info }) => (info?.acknowledgedBytes ?? 0) >= BODY_BYTES);
    return oneAlgorithm(carrying.length > 0 ? carrying : this.#connections.slice(-1));
  }

  #sum(of: (info: TcpInfo) => number): number | null {
    let sum: number | null = null;
    for (const each of this.#connections) {
      each.info = each.connection.findTcpInfo() ?? each.info;
      if (each.info !== undefined) sum = (sum ?? 0) + of(each.info);
    }
    return sum;
  }
}

/** The congestion control of all of them; null where it is not known or not one and the same. */
export function oneAlgorithm(connections: readonly { readonly algorithm: string | null }[]): string | null {
  const [first, ...others] = new Set(connections.map(({ algorithm }) => algorithm));
  return others.length === 0 ? (first ?? null) : null;
}
