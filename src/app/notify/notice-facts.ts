import type { NoticedPush, NoticeFacts } from '../../notify/noticed-push.ts';
import { platformSetOf } from '../../oci/platform-set.ts';
import type { Store } from '../../store/store.ts';
import type { PushWithTransfers } from '../../sync/push/push-store.ts';

/** More than end within an hour. */
const MOST_FINISHED = 20_000;
const PAGE = 500;

/** What notices tell of pushes and choices, from the store. */
export function noticeFacts({ pushes, choices }: Pick<Store, 'pushes' | 'choices'>): NoticeFacts {
  return {
    async findPush(id) {
      const found = await pushes.findPush(id);
      return found === undefined ? undefined : toNoticed(found);
    },
    async findChoice(subject, revision) {
      const { items } = await choices.choiceHistory(subject, { limit: 10 });
      return items.find((choice) => choice.revision === revision);
    },
    async changedSince(ms) {
      const found = [...(await pushes.finishedSince(ms, MOST_FINISHED))];
      let cursor: string | undefined;
      do {
        const page = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
        const { items, next } = await pushes.listPushes({ state: 'running' }, page);
        found.push(...items);
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return found.map(toNoticed);
    },
    choicesSince: (ms) => choices.choicesSince(ms),
    async isPlacedSince(key, ms) {
      const placement = await pushes.findPlacement(key);
      return placement !== undefined && placement.verifiedAt > ms;
    },
  };
}

function toNoticed({ push: { purpose, ...push }, transfers }: PushWithTransfers): NoticedPush {
  const [leg] = transfers;
  return {
    ...push,
    isRelease: purpose === 'release',
    legs: transfers,
    repairs:
      purpose === 'repair' && push.digest !== null && leg !== undefined
        ? {
            ...{ registry: leg.registry, name: push.name, sourceDigest: push.digest },
            platformSet: platformSetOf(push.platforms),
          }
        : null,
  };
}
