import type { Connection } from '../../net/connection.ts';
import type { TcpInfo } from '../../net/tcp-info.ts';

/** Connections with less than this carried questions, no body. */
const BODY_BYTES = 64 * 1024;

/** The connections that a sample made, and what the kernel says of them all together. */
export class ConnectionTotals {
  readonly #connections: { readonly connection: Connection; info: TcpInfo | undefined }[] = [];

  readonly note = (connection: Connection): void => {
    this.#connections.push({ connection, info: undefined });
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

  congestionControl(): string | null {
    return this.#connections.at(-1)?.connection.findCongestionControl() ?? null;
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
