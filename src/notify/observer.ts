import type { EntrepotEvent } from '../events/event.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { ofChoice } from './choice-occurrence.ts';
import { type Occurrence, QUIET } from './notice.ts';
import type { NoticeFacts } from './noticed-push.ts';
import type { Notifier } from './notifier.ts';
import { ofPlacement, placementTrouble } from './placement-occurrences.ts';
import { ofChangedLeg, ofFinishedPush } from './push-occurrences.ts';
import { en } from './texts/en.ts';
import { ofAgent, ofCertificate, ofHealth } from './watch-occurrences.ts';

export type ObserverOptions = {
  readonly events: EventBus;
  readonly facts: NoticeFacts;
  readonly notifier: Pick<Notifier, 'tell' | 'isTroubled'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
};

/** `settled` resolves when all that was heard so far is told. */
export type Observing = { settled(): Promise<unknown>; stop(): Promise<void> };

/** Hears events and tells the notifier what they amount to, in their order. */
export function observe({ events, facts, notifier, clock, onError }: ObserverOptions): Observing {
  let turn: Promise<unknown> = Promise.resolve();
  const stop = events.on('*', (event) => {
    // Looking at placements confirms them by the thousand: most have nothing to do with a notice.
    if (event.type === 'placement.confirmed' && !notifier.isTroubled(placementTrouble(event))) return;
    turn = turn
      .then(async () => {
        for (const occurrence of await toOccurrences(event, facts, clock.nowMs())) await notifier.tell(occurrence);
      })
      .catch(onError);
  });
  return {
    settled: () => turn,
    async stop() {
      stop();
      await turn;
    },
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
    case 'choice.changed': {
      const choice = await facts.findChoice(event.subject, event.revision);
      return choice === undefined ? [] : [ofChoice(choice, at)];
    }
    case 'recommendation.followed': {
      const { subject, site, registry, previous } = event;
      const detail = en.details.followed(site, previous);
      const about = { image: subject, name: subject, registry, detail, at, path: `/v1/recommendation?site=${site}` };
      return [{ ...QUIET, event: event.type, outcome: 'changed', stage: 'recommendation', mood: 'neutral', ...about }];
    }
    case 'registry.health':
      return [ofHealth(event, at)];
    case 'agent.heard':
      return [ofAgent(event, at)];
    case 'certificate.looked':
      return [ofCertificate(event, at)];
    default:
      return [];
  }
}
