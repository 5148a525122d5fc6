import type { Connection } from '../../net/connection.ts';
import type { TcpInfo } from '../../net/tcp-info.ts';
import type { PathLeg } from '../recommend/measurement.ts';

/** Connections with less than this carried questions, no body. */
export const BODY_BYTES = 64 * 1024;

type Known = { readonly connection: Connection; info: TcpInfo | undefined; readonly algorithm: string | null };

/** The connections that a sample made, and what the kernel says of them all together. */
export class ConnectionTotals {
  readonly #connections: Known[] = [];
  readonly #leg: PathLeg;

  constructor(leg: PathLeg = 'upload') {
    this.#leg = leg;
  }

  readonly note = (connection: Connection): void => {
    // Asked now: a connection that has closed does not tell.
    this.#connections.push({ connection, info: undefined, algorithm: connection.findCongestionControl() ?? null });
  };

  get first(): Connection | undefined {
    return this.#connections[0]?.connection;
  }

  /** Of closed connections too. Null where the kernel says nothing. */
  acknowledgedBytes(): number | null {
    return this.#sum((info) => info.acknowledgedBytes);
  }

  retransmittedBytes(): number | null {
    return this.#sum((info) => info.retransmittedBytes);
  }

  /**
   * How many carried the body; without the kernel's word those beyond the one for questions, and of a download, which
   * comes over the connection that asked for it, one.
   */
  bodyConnections(): number {
    const carrying = this.#carrying().length;
    const made = this.#connections.length;
    return carrying > 0 ? carrying : this.#leg === 'upload' ? Math.max(made - 1, 0) : Math.min(made, 1);
  }

  /** What all of those that carried the body use; null where it is not known or not one and the same. */
  congestionControl(): string | null {
    const carrying = this.#carrying();
    return oneAlgorithm(carrying.length > 0 ? carrying : this.#connections.slice(-1));
  }

  #carrying(): readonly Known[] {
    const moved = (info: TcpInfo) => (this.#leg === 'upload' ? info.acknowledgedBytes : info.receivedBytes);
    return this.#connections.filter(({ info }) => info !== undefined && moved(info) >= BODY_BYTES);
  }

  #sum(of: (info: TcpInfo) => number): number | null {
    let sum: number | null = null;
    for (const each of this.#connections) {
      each.info = each.connection.findLastTcpInfo() ?? each.info;
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
