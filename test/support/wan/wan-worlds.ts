import type { WanHost, WanLink, WanWay, WanWorld } from './wan-world.ts';

// The figures are plausible and in part published, and made to agree with what was observed between Beijing and
// Singapore (about three minutes for 150 MB). They are no measurement of the border. Loss is heavier on the way into
// China than out of it, which is what published measurements agree on.

/** [round trip / 2, jitter, loss there and back in percent, burst, Mbit/s, queue in milliseconds] */
type Figures = readonly [number, number, readonly [number, number], number, number, number];

function link(name: string, ends: readonly [WanHost, WanHost], figures: Figures): WanLink {
  const [delayMs, jitterMs, [lossThere, lossBack], burstPackets, rateMbit, queueMs] = figures;
  const way = (lossPercent: number): WanWay => ({ delayMs, jitterMs, lossPercent, burstPackets, rateMbit, queueMs });
  return { name, ends, there: way(lossThere), back: way(lossBack) };
}

/** The links of US-East to the relays, which the hour in Beijing hardly touches. */
function usEastLinks(jitterMs: number, farLossPercent: number): WanLink[] {
  const figures = (delayMs: number, loss: number, jitter = jitterMs): Figures => [
    delayMs,
    jitter,
    [loss, loss],
    1,
    300,
    100,
  ];
  return [
    link('use-sg', ['useast', 'singapore'], figures(108.5, 0.01)),
    link('use-kr', ['useast', 'korea'], figures(90, farLossPercent)),
    link('use-jp', ['useast', 'japan'], figures(75, farLossPercent)),
    link('use-usw', ['useast', 'uswest'], figures(35, 0.01, 0.3)),
  ];
}

/** An ordinary hour in Beijing. */
const day: WanWorld = {
  name: 'day',
  links: [
    link('bj-cn', ['beijing', 'aliyun'], [2.5, 0.3, [0, 0], 1, 200, 60]),
    link('bj-sg', ['beijing', 'singapore'], [45, 1, [0.06, 1], 1, 50, 100]),
    link('bj-kr', ['beijing', 'korea'], [22.5, 1, [0.05, 1], 1, 80, 100]),
    link('bj-jp', ['beijing', 'japan'], [30, 1, [0.1, 1], 1, 80, 100]),
    link('bj-usw', ['beijing', 'uswest'], [80, 1, [0.05, 1], 1, 80, 100]),
    link('bj-use', ['beijing', 'useast'], [110, 2, [0.1, 1], 1, 50, 100]),
    ...usEastLinks(0.3, 0.01),
  ],
};

/** The peak around nine in the evening: Singapore holds, the others suffer. */
const evening: WanWorld = {
  name: 'evening',
  links: [
    link('bj-cn', ['beijing', 'aliyun'], [2.5, 0.5, [0.01, 0.01], 1, 200, 60]),
    link('bj-sg', ['beijing', 'singapore'], [46, 2, [0.15, 5], 2, 30, 120]),
    link('bj-kr', ['beijing', 'korea'], [30, 8, [3, 10], 4, 40, 120]),
    link('bj-jp', ['beijing', 'japan'], [40, 8, [5, 10], 4, 40, 120]),
    link('bj-usw', ['beijing', 'uswest'], [87.5, 4, [1, 5], 3, 50, 150]),
    link('bj-use', ['beijing', 'useast'], [115, 5, [0.5, 5], 2, 40, 150]),
    ...usEastLinks(0.5, 0.02),
  ],
};

/** A provider's cap instead of loss: nothing but fewer bytes helps. `queueMs` tells shaping from policing. */
function capped(name: string, queueMs: number): WanWorld {
  return {
    name,
    links: [
      link('bj-cn', ['beijing', 'aliyun'], [2.5, 0.3, [0, 0], 1, 200, 60]),
      link('bj-sg', ['beijing', 'singapore'], [45, 1, [0, 0], 1, 8, queueMs]),
      link('bj-kr', ['beijing', 'korea'], [22.5, 1, [0, 0], 1, 8, queueMs]),
      link('bj-jp', ['beijing', 'japan'], [30, 1, [0, 0], 1, 8, queueMs]),
      link('bj-usw', ['beijing', 'uswest'], [80, 1, [0, 0], 1, 8, queueMs]),
      link('bj-use', ['beijing', 'useast'], [110, 2, [0, 0], 1, 20, 200]),
      ...usEastLinks(0.3, 0.01),
    ],
  };
}

export const WAN_WORLDS = {
  day,
  evening,
  /** Capped with a deep queue. */
  policed: capped('policed', 200),
  /** Capped with hardly a queue: what comes too fast is dropped at once. */
  policer: capped('policer', 5),
} as const satisfies Record<string, WanWorld>;

export type WanWorldName = keyof typeof WAN_WORLDS;

export function parseWanWorldName(text: string): WanWorldName {
  if (Object.hasOwn(WAN_WORLDS, text)) return text as WanWorldName;
  throw new Error(`${text} is none of the worlds: ${Object.keys(WAN_WORLDS).join(', ')}`);
}
