import type { ReleaseIndex } from '../choice/release-index.ts';
import type { Store } from '../store/store.ts';

/** What the index of releases reads from the store. */
export function releaseSource(store: Store): ConstructorParameters<typeof ReleaseIndex>[0]['source'] {
  return {
    imageNames: (after) => store.images.imageNames(after),
    currentReleases: (name) => store.images.currentReleases(name),
    currentPlacements: (name) => store.images.currentPlacements(name),
    findRelease: (name, tag) => store.pushes.findRelease(name, tag),
  };
}
