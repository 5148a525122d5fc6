import type { Backfill } from '../choice/backfill.ts';
import { findFormerPush } from '../sync/push/former-push.ts';
import type { OpenPushes } from '../sync/push/open-pushes.ts';
import type { PushStore } from '../sync/push/push-store.ts';

/** Carries what a choice needs as pushes of their own, of the lowest priority. */
export function openChoiceBackfill(options: {
  pushes: () => OpenPushes;
  store: PushStore;
  /** Aborts when the service stops: what was not begun by then is begun at the next start. */
  closing: AbortSignal;
}): Backfill {
  const { pushes, store, closing } = options;
  return {
    async start({ origin, registry, releases }) {
      for (const release of releases) {
        if (closing.aborted) return;
        // A push is of a release, also when its tag has moved on.
        const tag = release.tag ?? (await findFormerPush(store, { ...release, sourceDigest: release.digest }))?.tag;
        if (tag === undefined) continue;
        await pushes().carry({
          name: release.name,
          tag,
          digest: release.digest,
          platformSet: release.platformSet,
          targets: [registry],
          purpose: 'backfill',
          origin,
        });
      }
    },
    progress: (origin) => store.countByOrigin(origin),
  };
}
