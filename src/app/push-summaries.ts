import type { PushSummary, PushSummarySource } from '../choice/push-activity.ts';
import { platformSetOf } from '../oci/platform-set.ts';
import type { PushStore, PushWithTransfers } from '../sync/push/push-store.ts';

/** What resolve may say of pushes, read from where pushes are remembered. */
export function pushSummaries(store: PushStore): PushSummarySource {
  return {
    async runningPushes() {
      const running: PushSummary[] = [];
      let cursor: string | undefined;
      do {
        const { items, next } = await store.listPushes(
          { state: 'running' },
          { limit: 500, ...(cursor === undefined ? {} : { cursor }) },
        );
        running.push(...items.map(toSummary));
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return running;
    },
    async findPush(id) {
      const found = await store.findPush(id);
      return found === undefined ? undefined : toSummary(found);
    },
  };
}

function toSummary({ push, transfers }: PushWithTransfers): PushSummary {
  const { id, name, digest, platforms, state } = push;
  return { id, name, digest, platformSet: platformSetOf(platforms), state, transfers };
}
