import type { TransferRecord } from './push-record.ts';
import type { PushStore } from './push-store.ts';

/** How many legs stand before a queued one. */
export type CountBefore = (leg: Pick<TransferRecord, 'pushId' | 'registry'>) => Promise<number>;

/**
 * Counts what stands before any of these legs. The store is asked once for each registry whose queue somebody wants to
 * know of, however many of the legs stand in it.
 */
export function openQueuePlaces(
  legs: readonly Pick<TransferRecord, 'pushId' | 'registry' | 'state'>[],
  store: Pick<PushStore, 'countQueuedBefore'>,
): CountBefore {
  const asked = new Map<string, Promise<ReadonlyMap<string, number>>>();
  return async ({ pushId, registry }) => {
    let places = asked.get(registry);
    if (places === undefined) {
      const queued = legs.filter((leg) => leg.registry === registry && leg.state === 'queued');
      places = store.countQueuedBefore(
        registry,
        queued.map((leg) => leg.pushId),
      );
      asked.set(registry, places);
    }
    // One that is in the queue no more has got its place meanwhile.
    return (await places).get(pushId) ?? 0;
  };
}
