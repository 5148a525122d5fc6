/** What the kernel knows of a connection: round trips in milliseconds, rates in bytes per second, all else bytes. */
export type TcpInfo = {
  readonly roundTripMs: number;
  readonly minRoundTripMs: number;
  /** What the far side has acknowledged, since the connection began. */
  readonly acknowledgedBytes: number;
  readonly receivedBytes: number;
  readonly retransmittedBytes: number;
  /** Packets with data, those that were sent again as well. */
  readonly dataPacketsSent: number;
  /** Packets that are sent and not acknowledged. */
  readonly unacknowledgedPackets: number;
  /** Written by us, not yet sent by the kernel. */
  readonly unsentBytes: number;
  readonly deliveryRate: number;
};

/** As much of the structure as is read here; kernels with a longer one fill only this. */
export const TCP_INFO_BYTES = 232;

/** Bytes of `struct tcp_info` (linux/tcp.h, whose fields never move) → values; undefined from a kernel older than 4.19. */
export function parseTcpInfo(bytes: Buffer): TcpInfo | undefined {
  if (bytes.byteLength < 216) return undefined;
  return {
    roundTripMs: bytes.readUInt32LE(68) / 1_000,
    minRoundTripMs: bytes.readUInt32LE(148) / 1_000,
    acknowledgedBytes: Number(bytes.readBigUInt64LE(120)),
    receivedBytes: Number(bytes.readBigUInt64LE(128)),
    dataPacketsSent: bytes.readUInt32LE(156),
    unacknowledgedPackets: bytes.readUInt32LE(24),
    retransmittedBytes: Number(bytes.readBigUInt64LE(208)),
    unsentBytes: bytes.readUInt32LE(144),
    deliveryRate: Number(bytes.readBigUInt64LE(160)),
  };
}
