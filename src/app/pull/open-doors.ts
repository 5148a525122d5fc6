import type { HttpShortcut } from '../../api/serve.ts';
import type { ReleaseIndex } from '../../choice/release-index.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import { ImagePulls, type PullView } from '../../pull/image-pulls.ts';
import type { KnownCodes } from '../../pull/known-codes.ts';
import type { DoorIdentities } from '../access/door-identities.ts';
import { type DoorOptions, openDoor } from '../door.ts';
import type { DoorLogParts } from './door-log.ts';
import { openMemoryShelf } from './memory-shelf.ts';
import { openPullDoor } from './open-pull-door.ts';
import { openReleaseDoor } from './open-release-door.ts';
import { ReleasedImages } from './released-images.ts';
import { v2Shortcut } from './v2-shortcut.ts';

export type Doors = { readonly shortcut: HttpShortcut; close(): Promise<void> };

/**
 * The OCI door in its three parts: what clusters pull, each in its own order of registries; what was pushed here; and what
 * else is released, for those who name no cluster.
 */
export function openDoors(
  options: Omit<DoorOptions, 'access' | 'storage'> &
    Omit<DoorLogParts, 'callerOf'> & {
      readonly access: DoorIdentities;
      readonly index: Pick<ReleaseIndex, 'findImage'>;
      readonly viewOf: (cluster: string) => PullView;
      readonly releases: PullView;
      readonly openHash: OpenHash;
      readonly knownCodes: KnownCodes;
    },
): Doors {
  const { world, access, index, folder, viewOf, openHash, knownCodes, log } = options;
  const shelf = openMemoryShelf();
  const pulls = openPullDoor({
    clusters: () => world.clusters,
    access: (cluster) => access.access(cluster),
    cluster: async (incoming) => {
      const own = (await access.findPrincipal(incoming))?.cluster;
      return world.clusters.some(({ name }) => name === own) ? own : undefined;
    },
    viewOf,
    shelf,
    openHash,
    knownCodes,
    log,
  });
  const view = options.releases;
  const released = new ReleasedImages({
    ...{ folder, index, view },
    pulls: new ImagePulls({
      ...{ view, shelf, openHash, knownCodes },
      onHolderFailed: ({ registry }, error) =>
        log.warn({ event: 'pull goes on elsewhere', registry, error: toFailure(error).message }),
    }),
  });
  const releases = openReleaseDoor({
    images: released,
    access: access.access(undefined),
    mayBePushing: (incoming, repository) => access.mayBePushing(incoming, repository),
    log,
  });
  const pushes = openDoor({ ...options, storage: released.door, access: access.access(undefined) });
  return {
    shortcut: v2Shortcut([pulls, releases, pushes], {
      ...options,
      callerOf: async (incoming) => (await access.findPrincipal(incoming))?.name,
    }),
    async close() {
      pulls.close();
      releases.close();
      await pushes.close();
    },
  };
}
