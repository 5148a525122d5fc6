import type { DoorFolder } from '../depot/door/door-folder.ts';
import { readDoorTree } from '../depot/door/door-tree.ts';
import type { Digest } from '../oci/digest.ts';
import type { Store } from '../store/store.ts';

/**
 * What the depot alone has of what tags at the door name: images that no registry holds yet. Once one does, the depot
 * may let go of the bytes when it needs room.
 */
export async function unplacedAtDoor(folder: DoorFolder, { pushes }: Store): Promise<ReadonlySet<Digest>> {
  const needed = new Set<Digest>();
  for await (const { repository, digest } of folder.tagged()) {
    if ((await pushes.listPlacements(repository, digest)).length > 0) continue;
    for (const content of (await readDoorTree(folder, repository, digest)).contents) needed.add(content.digest);
  }
  return needed;
}
