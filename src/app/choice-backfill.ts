import type { Backfill, BackfillRelease } from '../choice/backfill.ts';
import type { Tag } from '../oci/tag.ts';
import type { OpenPushes } from '../sync/push/open-pushes.ts';
import type { PushStore } from '../sync/push/push-store.ts';

/** Carries what a choice needs as pushes of their own, of the lowest priority. */
export function openChoiceBackfill(options: { pushes: () => OpenPushes; store: PushStore }): Backfill {
  const { pushes, store } = options;
  return {
    async start({ origin, registry, releases }) {
      for (const release of releases) {
        const tag = release.tag ?? (await findFormerTag(store, release));
        if (tag === undefined) continue;
        await pushes().carry({ name: release.name, tag, digest: release.digest, targets: [registry], purpose: 'backfill', origin });
      }
    },
    progress: (origin) => store.countByOrigin(origin),
  };
}

/** A tag that meant the digest once: a push is of a release, also when its tag has moved on. */
async function findFormerTag(store: PushStore, { name, digest }: BackfillRelease): Promise<Tag | undefined> {
  let cursor: string | undefined;
  do {
    const { items, next } = await store.listPushes({ image: name }, { limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    const former = items.find(({ push }) => push.digest === digest);
    if (former !== undefined) return former.push.tag;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return undefined;
}
