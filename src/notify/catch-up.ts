import { ofChoice } from './choice-occurrence.ts';
import type { Occurrence, Trouble } from './notice.ts';
import type { NoticedPush, NoticeFacts } from './noticed-push.ts';
import { findTroubledPlacement, ofPlacement, placementTrouble } from './placement-occurrences.ts';
import { ofChangedLeg, ofFinishedPush } from './push-occurrences.ts';

export type CatchUpOptions = {
  readonly facts: NoticeFacts;
  readonly troubles: readonly Trouble[];
  readonly sinceMs: number;
  readonly nowMs: number;
};

/**
 * What has become durable since an instant and may not have been told, because the process died in between. Most of it
 * was told: what says by `once` what it is, is told no second time, and of troubles only what they lack comes here.
 */
export async function* missedOccurrences({
  facts,
  troubles,
  sinceMs,
  nowMs,
}: CatchUpOptions): AsyncGenerator<Occurrence> {
  const sinceOf = new Map(troubles.map(({ key, since }) => [key, since]));
  for (const choice of await facts.choicesSince(sinceMs)) yield ofChoice(choice, choice.at);
  for (const push of await facts.changedSince(sinceMs)) {
    for (const leg of push.legs) yield* ofLeg(push, leg, sinceOf, nowMs);
    const finished = push.finishedAt === null ? undefined : ofFinishedPush(push, nowMs);
    if (finished !== undefined) yield finished;
    const { repairs } = push;
    if (repairs !== null && !sinceOf.has(placementTrouble(repairs)) && !(await facts.isPlacedSince(repairs, 0)))
      yield ofPlacement({ type: 'placement.withdrawn', ...repairs }, nowMs);
  }
  for (const { key, since } of troubles) {
    const placement = findTroubledPlacement(key);
    if (placement !== undefined && (await facts.isPlacedSince(placement, since)))
      yield ofPlacement({ type: 'placement.confirmed', ...placement }, nowMs);
  }
}

/** A leg that has ended: one that waits is told when it is tried again. */
function ofLeg(
  push: NoticedPush,
  { registry, state, placedAt }: NoticedPush['legs'][number],
  sinceOf: ReadonlyMap<string, number>,
  nowMs: number,
): readonly Occurrence[] {
  if (state !== 'failed' && state !== 'placed') return [];
  return ofChangedLeg(push, registry, nowMs).filter(({ mood, trouble }) => {
    // What was placed before a trouble began does not end it.
    const since = sinceOf.get(trouble ?? '');
    return mood === 'bad' || (since !== undefined && (placedAt ?? 0) > since);
  });
}
