import type { EntrepotEvent } from '../events/event.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Occurrence } from './notice.ts';
import type { NoticeFacts } from './noticed-push.ts';
import type { Notifier } from './notifier.ts';
import { ofChangedLeg, ofFinishedPush } from './push-occurrences.ts';
import { en } from './texts/en.ts';

export type ObserverOptions = {
  readonly events: EventBus;
  readonly facts: NoticeFacts;
  readonly notifier: Pick<Notifier, 'tell' | 'isTroubled'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
};

type Quiet = Pick<Occurrence, 'image' | 'name' | 'registry' | 'durationMs' | 'legs' | 'path' | 'trouble'>;

const QUIET: Quiet = {
  ...{ image: null, name: null, registry: null, durationMs: null, legs: [], path: null, trouble: null },
};

/** Hears events and tells the notifier what they amount to, in their order. Returns what ends it. */
export function observe({ events, facts, notifier, clock, onError }: ObserverOptions): () => Promise<void> {
  let turn: Promise<unknown> = Promise.resolve();
  const stop = events.on('*', (event) => {
    // Looking at placements confirms them by the thousand: most have nothing to do with a notice.
    if (event.type === 'placement.confirmed' && !notifier.isTroubled(placementKey(event))) return;
    turn = turn
      .then(async () => {
        for (const occurrence of await toOccurrences(event, facts, clock.nowMs())) await notifier.tell(occurrence);
      })
      .catch(onError);
  });
  return async () => {
    stop();
    await turn;
  };
}

async function toOccurrences(event: EntrepotEvent, facts: NoticeFacts, at: number): Promise<readonly Occurrence[]> {
  switch (event.type) {
    case 'push.finished': {
      const push = await facts.findPush(event.pushId);
      const occurrence = push && ofFinishedPush(push, at);
      return occurrence === undefined ? [] : [occurrence];
    }
    case 'transfer.changed': {
      if (!['waiting', 'failed', 'placed'].includes(event.state)) return [];
      const push = await facts.findPush(event.pushId);
      return push === undefined ? [] : ofChangedLeg(push, event.registry, at);
    }
    case 'placement.withdrawn':
    case 'placement.confirmed':
      return [ofPlacement(event, at)];
    case 'choice.changed':
      return ofChoice(event, facts, at);
    case 'recommendation.followed': {
      const { subject, site, registry, previous } = event;
      const detail = en.details.followed(site, previous);
      const about = { image: subject, name: subject, registry, detail, at, path: `/v1/recommendation?site=${site}` };
      return [{ ...QUIET, event: event.type, outcome: 'changed', stage: 'recommendation', mood: 'neutral', ...about }];
    }
    case 'registry.health':
      return [ofHealth(event, at)];
    default:
      return [];
  }
}

type PlacementEvent = Extract<EntrepotEvent, { type: 'placement.withdrawn' | 'placement.confirmed' }>;

function placementKey({ registry, name, sourceDigest }: PlacementEvent): string {
  return `placement ${registry} ${name} ${sourceDigest}`;
}

function ofPlacement(event: PlacementEvent, at: number): Occurrence {
  const { registry, name, sourceDigest } = event;
  const image = `${name}@${sourceDigest}`;
  const about = { registry, name, image, at, path: `/v1/images/${name}`, trouble: placementKey(event) };
  return event.type === 'placement.withdrawn'
    ? {
        ...{ ...QUIET, ...about, event: 'placement.lost', outcome: 'lost', stage: 'placement', mood: 'bad' },
        detail: en.details.placementLost,
      }
    : {
        ...{ ...QUIET, ...about, event: 'placement.repaired', outcome: 'repaired', stage: 'placement', mood: 'good' },
        ...{ detail: en.details.placementRepaired, onlyAfterTrouble: true, ends: 'placement.lost' },
      };
}

async function ofChoice(
  { subject, revision }: Extract<EntrepotEvent, { type: 'choice.changed' }>,
  facts: NoticeFacts,
  at: number,
): Promise<Occurrence[]> {
  const choice = await facts.findChoice(subject, revision);
  if (choice === undefined) return [];
  const { registry, who, reason } = choice;
  const detail = registry === null ? en.details.withdrawn : en.details.chosen(who, reason);
  const base = { ...QUIET, image: subject, name: subject, registry, detail, at } as const;
  return [{ ...base, event: 'choice.changed', outcome: 'changed', stage: 'choice', mood: 'neutral' }];
}

function ofHealth(event: Extract<EntrepotEvent, { type: 'registry.health' }>, at: number): Occurrence {
  const { registry, healthy, reason } = event;
  const about = {
    ...QUIET,
    registry,
    at,
    stage: 'registry',
    trouble: `registry ${registry}`,
    path: '/v1/registries',
  } as const;
  return healthy
    ? {
        ...{ ...about, event: 'registry.up', outcome: 'up', mood: 'good', detail: en.details.registryUp },
        ...{ onlyAfterTrouble: true, ends: 'registry.down' },
      }
    : { ...about, event: 'registry.down', outcome: 'down', mood: 'bad', detail: reason ?? en.details.unknown };
}
