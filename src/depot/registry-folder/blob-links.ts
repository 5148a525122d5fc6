import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { type FolderFiles, findStat, hasCode } from './folder-files.ts';
import type { FolderPaths } from './folder-paths.ts';
import type { RepositoryBlobs } from './repository-blobs.ts';

const READ_BYTES = 256 * 1024;

/** Contents, kept once, and the links by which repositories hold them. */
export class BlobLinks implements RepositoryBlobs {
  readonly #paths: FolderPaths;
  readonly #files: FolderFiles;

  constructor(paths: FolderPaths, files: FolderFiles) {
    this.#paths = paths;
    this.#files = files;
  }

  async find(repository: RepositoryName, digest: Digest): Promise<{ sizeBytes: number } | undefined> {
    const found = await findStat(this.#paths.blob(repository, digest));
    return found === undefined ? undefined : { sizeBytes: found.sizeBytes };
  }

  /** Takes a verified file in; the file itself stays the caller's to remove. */
  async take(repository: RepositoryName, digest: Digest, path: string): Promise<void> {
    await this.#files.sync(path);
    const content = this.#paths.content(digest);
    // Between the two links a delete in another repository may drop the content that was just found there.
    for (let linked = false; !linked; ) {
      await this.#files.link(path, content);
      linked = await this.#files.link(content, this.#paths.blob(repository, digest));
    }
  }

  async open(
    repository: RepositoryName,
    digest: Digest,
    range: { offset: number; end: number },
  ): Promise<Readable | undefined> {
    try {
      const file = await open(this.#paths.blob(repository, digest), 'r');
      return file.createReadStream({ start: range.offset, end: range.end - 1, highWaterMark: READ_BYTES });
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  async mount(repository: RepositoryName, digest: Digest, from: RepositoryName | undefined): Promise<boolean> {
    const source = from === undefined ? this.#paths.content(digest) : this.#paths.blob(from, digest);
    return this.#files.link(source, this.#paths.blob(repository, digest));
  }

  async delete(repository: RepositoryName, digest: Digest): Promise<boolean> {
    if (!(await this.#files.remove(this.#paths.blob(repository, digest)))) return false;
    const content = this.#paths.content(digest);
    // Whoever links it in this instant keeps the bytes through that link.
    if ((await findStat(content))?.links === 1) await this.#files.remove(content);
    return true;
  }
}
