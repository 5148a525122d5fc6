import type { WanHost } from '../../../test/support/wan/wan-world.ts';
import type { WanWorldName } from '../../../test/support/wan/wan-worlds.ts';

export type FarSideKind = 'docker-registry' | 'own' | 'distribution';

/** One line of the table of docs/performance.md: one piece of work, and what is asked of it. */
export type WanRow = {
  readonly id: string;
  readonly world: WanWorldName;
  readonly work: string;
  readonly payload: { readonly bytes: number; readonly layers: number };
  /** Where the image is, and where the program runs that moves it. */
  readonly source: WanHost;
  readonly mover: WanHost;
  readonly targets: readonly WanHost[];
  readonly farSide: FarSideKind;
  /** The link that the bytes cross, and which way; the floor follows from its rate. */
  readonly link: string;
  readonly way: 'there' | 'back';
  readonly mishap?: 'cut' | 'kill';
  /** Seconds, or what is made of the floor where the floor is measured in the same run. */
  readonly goal: number | ((floorSeconds: number) => number);
  /** Most connections to other hosts at the same time, and the largest share of the payload that TCP may send again. */
  readonly maxConnections?: number;
  readonly maxRetransmitted?: number;
  /** Ids of rows whose seconds make the floor: the slowest of them. */
  readonly floorFrom?: readonly string[];
};

/** How long the link of a cut row stays dead. */
export const CUT_SECONDS = 60;
/** Share of a link's rate that is left for content: 1,448 of 1,500 bytes. */
const CONTENT_SHARE = 0.965;

const SIX = { bytes: 150e6, layers: 6 };
const ONE = { bytes: 150e6, layers: 1 };
const SMALL = { bytes: 60e6, layers: 1 };
const TO_SINGAPORE = {
  source: 'beijing',
  mover: 'beijing',
  targets: ['singapore'],
  link: 'bj-sg',
  way: 'there',
} as const;
const TO_US_WEST = { source: 'beijing', mover: 'beijing', targets: ['uswest'], link: 'bj-usw', way: 'there' } as const;
const TO_ALIYUN = { source: 'beijing', mover: 'beijing', targets: ['aliyun'], link: 'bj-cn', way: 'there' } as const;

type Essence = Omit<WanRow, 'work' | 'farSide'> & { readonly farSide?: FarSideKind };

function row(essence: Essence): WanRow {
  const { payload, source, mover, targets, mishap } = essence;
  const megabytes = Math.round(payload.bytes / 1e6);
  const layers = payload.layers === 1 ? '1 layer' : `${payload.layers} layers`;
  const route = mover === source ? `${source} → ${targets.join(' and ')}` : `landed at ${mover} from ${source}`;
  const event = mishap === 'cut' ? `, link cut for ${CUT_SECONDS} s` : mishap === 'kill' ? ', killed at 50 %' : '';
  return { farSide: 'docker-registry', ...essence, work: `${megabytes} MB in ${layers}, ${route}${event}` };
}

/** The table. `megabytes` replaces every payload by a smaller one, for trying the harness out. */
export function makeWanRows(megabytes?: number): WanRow[] {
  const size = (payload: WanRow['payload']) =>
    megabytes === undefined ? payload : { ...payload, bytes: megabytes * 1e6 };
  const base: Essence[] = [
    { id: 'day-sg-6', world: 'day', payload: SIX, ...TO_SINGAPORE, goal: 30 },
    { id: 'day-sg-1', world: 'day', payload: ONE, ...TO_SINGAPORE, goal: 30 },
    { id: 'day-usw-6', world: 'day', payload: SIX, ...TO_US_WEST, goal: 23 },
    { id: 'evening-sg-6', world: 'evening', payload: SIX, ...TO_SINGAPORE, goal: 50 },
    { id: 'evening-sg-1', world: 'evening', payload: SMALL, ...TO_SINGAPORE, goal: 21 },
    { id: 'evening-usw-1', world: 'evening', payload: SMALL, ...TO_US_WEST, goal: 17 },
    {
      id: 'day-read-1',
      world: 'day',
      payload: ONE,
      source: 'singapore',
      mover: 'useast',
      targets: ['useast'],
      link: 'use-sg',
      way: 'back',
      goal: 12,
    },
    {
      id: 'day-both',
      world: 'day',
      payload: SIX,
      ...TO_SINGAPORE,
      targets: ['aliyun', 'singapore'],
      goal: (floor) => 1.1 * floor,
      floorFrom: ['alone-cn-6', 'day-sg-6'],
    },
    ...(['own', 'distribution'] as const).flatMap((farSide): Essence[] => {
      const suffix = farSide === 'own' ? '' : '-distribution';
      const shared = { world: 'day', payload: SIX, ...TO_SINGAPORE, farSide } as const;
      return [
        { id: `day-cut${suffix}`, ...shared, mishap: 'cut', goal: 100 },
        { id: `day-kill${suffix}`, ...shared, mishap: 'kill', goal: (floor) => floor + 10, floorFrom: ['day-sg-6'] },
      ];
    }),
    ...(['policed', 'policer'] as const).map(
      (world): Essence => ({
        id: `${world}-1`,
        world,
        payload: ONE,
        ...TO_SINGAPORE,
        goal: 170,
        maxConnections: 4,
        maxRetransmitted: world === 'policed' ? 0.05 : 0.15,
      }),
    ),
  ];
  return base.map((essence) => row({ ...essence, payload: size(essence.payload) }));
}

/** Work that no line asks for by itself, and that is measured only to give another line its floor. */
export function makeFloorRow(id: string, megabytes?: number): WanRow | undefined {
  const payload = megabytes === undefined ? SIX : { ...SIX, bytes: megabytes * 1e6 };
  if (id !== 'alone-cn-6') return makeWanRows(megabytes).find((row) => row.id === id);
  return row({ id, world: 'day', payload, ...TO_ALIYUN, goal: Number.POSITIVE_INFINITY });
}

/** The seconds that the link alone needs for a row. */
export function floorSecondsOf(row: WanRow, rateMbit: number): number {
  const seconds = (row.payload.bytes * 8) / (rateMbit * 1e6) / CONTENT_SHARE;
  return row.mishap === 'cut' ? seconds + CUT_SECONDS : seconds;
}
