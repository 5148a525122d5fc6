import type { RegistryStorage } from '../../api/v2/registry-storage.ts';
import type { ReleaseIndex } from '../../choice/release-index.ts';
import type { DoorFolder } from '../../depot/door/door-folder.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { ImagePulls, PullView } from '../../pull/image-pulls.ts';
import { pullStorage } from './pull-storage.ts';

type ReleasedImagesParts = {
  readonly folder: DoorFolder;
  readonly index: Pick<ReleaseIndex, 'findImage'>;
  readonly view: PullView;
  readonly pulls: ImagePulls;
};

/**
 * What is released, for those who name no cluster: whatever way it came, and also when the depot has let go of it. What is
 * at the door is answered from there; what was deleted there is gone, unless a release of a later push means it.
 */
export class ReleasedImages {
  readonly #parts: ReleasedImagesParts;
  /** Reading it, and the tags of the door among its own. */
  readonly reads: RegistryStorage;
  /** The door's own storage; what is deleted through it need not have been pushed there. */
  readonly door: RegistryStorage;

  constructor(parts: ReleasedImagesParts) {
    this.#parts = parts;
    const { folder, pulls } = parts;
    this.reads = { ...pullStorage(pulls), listTags: (repository) => this.#listTags(repository) };
    this.door = {
      ...folder,
      deleteTag: async (repository, tag) => (await folder.deleteTag(repository, tag)) || this.#delete(repository, tag),
      deleteManifest: async (repository, digest) =>
        (await folder.deleteManifest(repository, digest)) || this.#delete(repository, digest),
    };
  }

  /** Does any registry hold something of it? */
  isReleased(repository: RepositoryName): boolean {
    return this.#parts.view.holders(repository).length > 0;
  }

  /** Is it to be found among what is released, since the door does not have it? */
  async isManifestFromHere(repository: RepositoryName, reference: Digest | Tag): Promise<boolean> {
    const { folder } = this.#parts;
    if (!this.isReleased(repository)) return false;
    const isAtDoor = isDigest(reference)
      ? await folder.hasManifest(repository, reference)
      : (await folder.findTag(repository, reference)) !== undefined;
    return !isAtDoor && !(await this.#isDeleted(repository, reference));
  }

  async isBlobFromHere(repository: RepositoryName, digest: Digest): Promise<boolean> {
    if (!this.isReleased(repository) || (await this.#parts.folder.findBlob(repository, digest)) !== undefined)
      return false;
    return !(await this.#isDeleted(repository, digest));
  }

  async areReferrersFromHere(repository: RepositoryName, subject: Digest): Promise<boolean> {
    if (!this.isReleased(repository)) return false;
    return (await this.#parts.folder.listReferrers(repository, subject)).length === 0;
  }

  async #isDeleted(repository: RepositoryName, reference: Digest | Tag): Promise<boolean> {
    const { folder, index } = this.#parts;
    const image = index.findImage(repository);
    const release = isDigest(reference) ? undefined : image?.tags.get(reference);
    const meant = isDigest(reference) ? image?.findDigest(reference) : release?.meant;
    const deletedAt = Math.max(
      (await folder.deletions.find(repository, reference)) ?? Number.NEGATIVE_INFINITY,
      // With a manifest the tags go that name it.
      (release?.digest && (await folder.deletions.find(repository, release.digest))) ?? Number.NEGATIVE_INFINITY,
    );
    if (release !== undefined) return release.acceptedAt <= deletedAt;
    const meaning = [...(image?.tags.values() ?? [])].filter((each) => each.meant !== null && each.meant === meant);
    return deletedAt > Math.max(...meaning.map(({ acceptedAt }) => acceptedAt));
  }

  async #delete(repository: RepositoryName, reference: Digest | Tag): Promise<boolean> {
    const { folder, index, view } = this.#parts;
    const isReleased = isDigest(reference)
      ? index.findImage(repository)?.findDigest(reference)?.isPlaced === true
      : view.findTag(repository, reference) !== undefined;
    if (!isReleased || (await this.#isDeleted(repository, reference))) return false;
    await folder.deletions.note(repository, reference);
    return true;
  }

  async #listTags(repository: RepositoryName): Promise<readonly Tag[] | undefined> {
    const { folder, index, view } = this.#parts;
    const atDoor = await folder.listTags(repository);
    const released = view.listTags(repository);
    if (released === undefined) return atDoor;
    const deleted = await folder.deletions.list(repository);
    const image = index.findImage(repository);
    const tags = new Set(atDoor);
    for (const tag of released) {
      const digest = image?.tags.get(tag)?.digest;
      const isNoted = deleted.has(tag) || (digest && deleted.has(digest));
      if (!isNoted || !(await this.#isDeleted(repository, tag))) tags.add(tag);
    }
    return [...tags].sort();
  }
}
