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
 * Images for those who name no cluster: what is at the door from there, and else what is released, whatever way it came,
 * also when the depot has let go of it. A tag at the door means what it was put for until a later push, of whatever way,
 * means something else by it and has placed that. What was deleted at the door is gone, unless a release of a later push means it.
 */
export class ReleasedImages {
  readonly #parts: ReleasedImagesParts;
  /** Reading. */
  readonly reads: RegistryStorage;
  /** The door's own storage; what is deleted through it need not have been pushed there. */
  readonly door: RegistryStorage;

  constructor(parts: ReleasedImagesParts) {
    this.#parts = parts;
    const { folder, pulls } = parts;
    this.reads = {
      ...pullStorage(pulls),
      findManifest: async (repository, reference) =>
        ((await this.#isOvertaken(repository, reference))
          ? undefined
          : await folder.findManifest(repository, reference)) ??
        this.#unlessDeleted(repository, reference, () => pulls.findManifest(repository, reference)),
      findBlob: async (repository, digest) =>
        (await folder.findBlob(repository, digest)) ??
        this.#unlessDeleted(repository, digest, () => pulls.findBlob(repository, digest)),
      openBlob: async (repository, digest, range) =>
        (await folder.openBlob(repository, digest, range)) ??
        this.#unlessDeleted(repository, digest, () => pulls.openBlob(repository, digest, range)),
      listTags: (repository) => this.#listTags(repository),
      listReferrers: async (repository, subject) => {
        const atDoor = await folder.listReferrers(repository, subject);
        return atDoor.length > 0 ? atDoor : pullStorage(pulls).listReferrers(repository, subject);
      },
    };
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

  /** Does a release of a later push mean something else by the tag that is at the door, and is that placed? */
  async #isOvertaken(repository: RepositoryName, reference: Digest | Tag): Promise<boolean> {
    if (isDigest(reference)) return false;
    const { folder, index, view } = this.#parts;
    const release = index.findImage(repository)?.tags.get(reference);
    if (!release?.digest || view.findTag(repository, reference) === undefined) return false;
    if ((await folder.findTag(repository, reference)) === release.digest) return false;
    return release.acceptedAt > ((await folder.taggedAt(repository, reference)) ?? Number.NEGATIVE_INFINITY);
  }

  async #unlessDeleted<T>(
    repository: RepositoryName,
    reference: Digest | Tag,
    find: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return (await this.#isDeleted(repository, reference)) ? undefined : find();
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
