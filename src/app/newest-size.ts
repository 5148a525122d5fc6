import type { RepositoryName } from '../oci/repository-name.ts';
import type { Store } from '../store/store.ts';

/** What the newest release of an image weighs; null where none has been read yet. */
export async function findNewestSize({ images, pushes }: Store, image: RepositoryName): Promise<number | null> {
  const [newest] = (await images.listReleases(image, { limit: 1 })).items;
  return newest === undefined ? null : ((await pushes.findPush(newest.pushId))?.push.bytesTotal ?? null);
}
