/** The places of the laboratory, each a host of its own. */
export const WAN_HOSTS = ['beijing', 'aliyun', 'singapore', 'korea', 'japan', 'uswest', 'useast'] as const;
export type WanHost = (typeof WAN_HOSTS)[number];

/** What one way of a link does to the packets on it. */
export type WanWay = {
  /** From the end of the wire to the far host: half of the round trip. */
  readonly delayMs: number;
  /** Mean of an exponential on top of the delay. Packets never overtake each other. */
  readonly jitterMs: number;
  /** Mean share of the packets that vanish. */
  readonly lossPercent: number;
  /** Mean length of a run of lost packets; 1 for losses that know nothing of each other. */
  readonly burstPackets: number;
  readonly rateMbit: number;
  /** Longest wait for the wire; a packet that would wait longer is dropped. */
  readonly queueMs: number;
};

export type WanLink = {
  readonly name: string;
  readonly ends: readonly [WanHost, WanHost];
  /** From the first end to the second. */
  readonly there: WanWay;
  readonly back: WanWay;
};

export type WanWorld = { readonly name: string; readonly links: readonly WanLink[] };

export function parseWanHost(text: string): WanHost {
  const host = WAN_HOSTS.find((known) => known === text);
  if (host === undefined) throw new Error(`${text} is none of the hosts: ${WAN_HOSTS.join(', ')}`);
  return host;
}
