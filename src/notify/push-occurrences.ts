import type { Occurrence } from './notice.ts';
import type { NoticedPush } from './noticed-push.ts';
import { en } from './texts/en.ts';

/** A link that is long and lossy fails now and then: a leg that is tried again is told from this attempt on. */
const TOLD_FROM_ATTEMPT = 3;
const NO_ROOM: ReadonlySet<string> = new Set(['disk_full', 'depot_full']);

/** What a push that became final is told as: it was placed everywhere, or it was not. */
export function ofFinishedPush(push: NoticedPush, nowMs: number): Occurrence | undefined {
  const { state, isRelease, unchanged } = push;
  if (state === 'cancelled' || !isRelease || unchanged) return undefined;
  const isPlaced = state === 'placed';
  const registries = push.legs.filter((leg) => (leg.state === 'placed') === isPlaced).map(({ registry }) => registry);
  const { pushPlaced, pushFailed } = en.details;
  return {
    ...aboutPush(push, nowMs),
    event: isPlaced ? 'push.placed' : 'push.failed',
    outcome: isPlaced ? 'placed' : 'failed',
    stage: 'push',
    mood: isPlaced ? 'good' : 'bad',
    registry: null,
    detail: isPlaced ? pushPlaced(registries) : pushFailed(registries),
    durationMs: (push.finishedAt ?? nowMs) - push.createdAt,
    legs: push.legs.map(({ registry, state: each }) => ({ registry, state: each })),
    trouble: `push ${push.name}`,
    once: `push ${push.id} ${push.finishedAt ?? nowMs}`,
    ...(isPlaced ? { ends: 'push.failed' as const } : {}),
  };
}

/** What a leg that changed is told as: nothing while it goes its way. */
export function ofChangedLeg(push: NoticedPush, registry: string, nowMs: number): Occurrence[] {
  const leg = push.legs.find((each) => each.registry === registry);
  if (leg === undefined) return [];
  const base = {
    ...aboutPush(push, nowMs),
    stage: 'transfer' as const,
    registry,
    legs: push.legs
      .filter((each) => each.registry !== registry)
      .map(({ registry: other, state }) => ({ registry: other, state })),
    trouble: `transfer ${registry} ${push.name}`,
  };
  const error = leg.error?.detail ?? en.details.unknown;
  const waits = leg.state === 'waiting';
  if (waits && NO_ROOM.has(leg.error?.code ?? '')) return [ofDisk('full', error, nowMs)];
  if (leg.state === 'failed' || (waits && leg.attempts >= TOLD_FROM_ATTEMPT))
    return [
      {
        ...base,
        event: 'transfer.failed',
        outcome: 'failed',
        mood: 'bad',
        detail: waits ? en.details.triesAgain(error, leg.attempts) : error,
        durationMs: nowMs - push.createdAt,
        ...(waits ? {} : { once: `leg ${push.id} ${registry} ${leg.error?.at ?? 0}` }),
      },
    ];
  if (leg.state !== 'placed') return [];
  return [
    ofDisk('free', en.details.diskFree, nowMs),
    {
      ...base,
      event: 'transfer.recovered',
      outcome: 'recovered',
      mood: 'good',
      detail: en.details.placedAgain,
      durationMs: (leg.placedAt ?? nowMs) - push.createdAt,
      onlyAfterTrouble: true,
      ends: 'transfer.failed',
    },
  ];
}

function aboutPush({ id, name, tag }: NoticedPush, at: number) {
  return { image: `${name}:${tag}`, name, at, path: `/v1/pushes/${id}` } as const;
}

function ofDisk(outcome: 'full' | 'free', detail: string, at: number): Occurrence {
  const isFull = outcome === 'full';
  return {
    ...{ outcome, detail, at, stage: 'disk', image: null, name: null, registry: null, durationMs: null, legs: [] },
    ...{ event: isFull ? 'disk.full' : 'disk.free', mood: isFull ? 'bad' : 'good', path: '/v1/depot', trouble: 'disk' },
    ...(isFull ? {} : { onlyAfterTrouble: true, ends: 'disk.full' }),
  } as const;
}
