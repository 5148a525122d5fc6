import type { Connection } from '../../net/connection.ts';
import type { TcpInfo } from '../../net/tcp-info.ts';

/**
 * The connections over which round trips are probed, and what the kernel saw of them: it knows to the microsecond when a
 * packet left, and when it was acknowledged.
 */
export class ProbeConnections {
  readonly #last = new Map<Connection, TcpInfo>();
  readonly #found: (number | undefined)[] = [];
  #origin: string | undefined;
  made = 0;

  readonly note = (connection: Connection): void => {
    this.made += 1;
    // The first leads to the registry; others may lead to where its tokens come from.
    this.#origin ??= connection.origin;
    const info = connection.origin === this.#origin ? connection.findTcpInfo() : undefined;
    if (info !== undefined) this.#last.set(connection, info);
  };

  /**
   * Until a question was acknowledged that was answered since this was asked last, milliseconds, the earliest first.
   * Undefined where the kernel does not tell, or took more than one packet for it.
   */
  takeRoundTrip(): number | undefined {
    for (const [connection, before] of this.#last) {
      const info = connection.findTcpInfo();
      if (info === undefined) this.#last.delete(connection);
      if (info === undefined || info.unacknowledgedPackets > 0) continue;
      if (info.dataPacketsSent === before.dataPacketsSent) continue;
      this.#last.set(connection, info);
      this.#found.push(findRoundTrip(before, info));
    }
    return this.#found.shift();
  }
}

/**
 * What one more packet took, of the kernel's smoothed round trips before and after it: each moves the mean by an eighth
 * of its difference (RFC 6298 section 2.3, tcp_rtt_estimator in net/ipv4/tcp_input.c). The mean is told in whole
 * microseconds, so this is right to eight of them. A packet that was sent again has no round trip (Karn's algorithm).
 */
function findRoundTrip(before: TcpInfo, after: TcpInfo): number | undefined {
  if (after.dataPacketsSent !== before.dataPacketsSent + 1) return undefined;
  const roundTripMs = 8 * after.roundTripMs - 7 * before.roundTripMs;
  return roundTripMs > 0 ? roundTripMs : undefined;
}
