import type { IndexedRelease } from '../choice/indexed-image.ts';
import type { ReleaseIndex } from '../choice/release-index.ts';
import type { World } from '../regions/world.ts';
import type { OpenPushes } from '../sync/push/open-pushes.ts';
import type { PushStore } from '../sync/push/push-store.ts';

export type RestoreDisplaced = {
  readonly index: Pick<ReleaseIndex, 'images' | 'fill'>;
  readonly store: { readonly pushes: Pick<PushStore, 'findPush' | 'findPlacement'> };
  readonly pushes: Pick<OpenPushes, 'carry'>;
  readonly world: Pick<World, 'registries'>;
  /** Aborts when the service stops: what was not begun by then is begun at the next start. */
  readonly closing: AbortSignal;
};

/**
 * Reads all releases, then brings back what the version before has lost sight of: it remembered one placement of a
 * digest at a registry, of whatever platforms, so that the push of one tag displaced what another tag had there. What a
 * release's own push has placed and is remembered no more is carried once more; what the registry has still is not sent.
 */
export async function restoreDisplaced(parts: RestoreDisplaced): Promise<void> {
  await parts.index.fill();
  if (parts.closing.aborted) return;
  for (const image of parts.index.images()) {
    if (!image.hasCuts) continue;
    for (const release of image.tags.values()) {
      const { digest } = release;
      if (digest === null || image.findAll(digest).length < 2) continue;
      await restore(parts, { ...release, digest });
    }
  }
}

async function restore(
  { store, pushes, world, closing }: RestoreDisplaced,
  { name, tag, digest, platformSet, pushId }: IndexedRelease & { digest: NonNullable<IndexedRelease['digest']> },
): Promise<void> {
  const found = await store.pushes.findPush(pushId);
  for (const { registry, state } of found?.transfers ?? []) {
    const isThere = world.registries.some((entry) => entry.name === registry && entry.enabled);
    if (closing.aborted || state !== 'placed' || !isThere) continue;
    const key = { registry, name, sourceDigest: digest, platformSet };
    if ((await store.pushes.findPlacement(key)) !== undefined) continue;
    const content = { name, tag, digest, platformSet, targets: [registry] };
    await pushes.carry({ ...content, purpose: 'repair', origin: `repair:${registry}`, occasion: pushId });
  }
}
