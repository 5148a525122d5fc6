import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { isTag, type Tag } from '../../oci/tag.ts';
import { type FolderFiles, findNames, findStat } from '../registry-folder/folder-files.ts';
import type { FolderPaths } from '../registry-folder/folder-paths.ts';

/** The folder of tags, beside one for each algorithm of digests. */
const TAGS = 'tags';

/**
 * What was deleted at the door, until it is put there again: an empty file for each tag and digest. Releases are history
 * and stay, so without these a deleted one would be found by another way.
 */
export class DoorDeletions {
  readonly #paths: FolderPaths;
  readonly #files: FolderFiles;

  constructor(paths: FolderPaths, files: FolderFiles) {
    this.#paths = paths;
    this.#files = files;
  }

  note(repository: RepositoryName, reference: Digest | Tag): Promise<void> {
    return this.#files.write(this.#pathOf(repository, reference), new Uint8Array());
  }

  async lift(repository: RepositoryName, references: readonly (Digest | Tag)[]): Promise<void> {
    for (const reference of references) await this.#files.remove(this.#pathOf(repository, reference));
  }

  /** When it was deleted, milliseconds since the epoch. */
  async find(repository: RepositoryName, reference: Digest | Tag): Promise<number | undefined> {
    return (await findStat(this.#pathOf(repository, reference)))?.modifiedAtMs;
  }

  /** Everything that was. */
  async list(repository: RepositoryName): Promise<ReadonlySet<Digest | Tag>> {
    const found = new Set<Digest | Tag>();
    for (const kind of (await findNames(this.#paths.deleted(repository))) ?? []) {
      for (const name of (await findNames(join(this.#paths.deleted(repository), kind))) ?? []) {
        const reference = kind === TAGS ? name : `${kind}:${name}`;
        if (isDigest(reference) || isTag(reference)) found.add(reference);
      }
    }
    return found;
  }

  #pathOf(repository: RepositoryName, reference: Digest | Tag): string {
    const [kind, name] = isDigest(reference) ? [digestAlgorithm(reference), digestHex(reference)] : [TAGS, reference];
    return join(this.#paths.deleted(repository), kind, name);
  }
}
