import type { HttpShortcut } from '../../api/serve.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import type { PullView } from '../../pull/image-pulls.ts';
import type { DoorIdentities } from '../access/door-identities.ts';
import { type DoorOptions, openDoor } from '../door.ts';
import type { DoorLogParts } from './door-log.ts';
import { openMemoryShelf } from './memory-shelf.ts';
import { openPullDoor } from './open-pull-door.ts';
import { v2Shortcut } from './v2-shortcut.ts';

export type Doors = { readonly shortcut: HttpShortcut; close(): Promise<void> };

/** Both halves of the OCI door: what clusters pull, each in its own order of registries, and what is pushed here. */
export function openDoors(
  options: Omit<DoorOptions, 'access'> &
    Omit<DoorLogParts, 'callerOf'> & {
      readonly access: DoorIdentities;
      readonly viewOf: (cluster: string) => PullView;
      readonly openHash: OpenHash;
    },
): Doors {
  const { world, access, viewOf, openHash, log } = options;
  const pulls = openPullDoor({
    clusters: () => world.clusters,
    access: (cluster) => access.access(cluster),
    cluster: async (incoming) => {
      const own = (await access.findPrincipal(incoming))?.cluster;
      return world.clusters.some(({ name }) => name === own) ? own : undefined;
    },
    viewOf,
    shelf: openMemoryShelf(),
    openHash,
    log,
  });
  const pushes = openDoor({ ...options, access: access.access(undefined) });
  return {
    shortcut: v2Shortcut([pulls, pushes], {
      ...options,
      callerOf: async (incoming) => (await access.findPrincipal(incoming))?.name,
    }),
    async close() {
      pulls.close();
      await pushes.close();
    },
  };
}
