import { stat } from 'node:fs/promises';
import type { PieceStream } from '../../kernel/piece-stream.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Depot } from '../depot-port.ts';
import { type FolderFiles, findStat } from '../registry-folder/folder-files.ts';
import type { FolderPaths } from '../registry-folder/folder-paths.ts';
import type { RepositoryBlobs } from '../registry-folder/repository-blobs.ts';
import type { DoorHolds } from './door-holds.ts';
import type { RunningTime } from './running-time.ts';
import { noteTold } from './told-times.ts';

/** A blob that a client is told it need not send, or that has come. */
export type BlobArrival = (
  repository: RepositoryName,
  blob: { readonly digest: Digest; readonly size: number },
) => void;

/**
 * The door's blobs: their bytes are the depot's, kept once for the door and every leg. That a repository has one is an
 * empty file with its name, so a delete is one unlink and never takes bytes that a leg still reads. Bytes that the
 * depot let go to make room are not there, whatever the files say.
 */
export class DoorBlobs implements RepositoryBlobs {
  readonly #paths: FolderPaths;
  readonly #files: FolderFiles;
  readonly #depot: Depot;
  readonly #holds: DoorHolds;
  readonly #running: RunningTime;
  readonly #onArrived: BlobArrival;

  constructor(
    paths: FolderPaths,
    files: FolderFiles,
    parts: { depot: Depot; holds: DoorHolds; running: RunningTime; onArrived: BlobArrival },
  ) {
    this.#paths = paths;
    this.#files = files;
    this.#depot = parts.depot;
    this.#holds = parts.holds;
    this.#running = parts.running;
    this.#onArrived = parts.onArrived;
  }

  async find(repository: RepositoryName, digest: Digest): Promise<{ sizeBytes: number } | undefined> {
    const found = this.#depot.find(digest);
    return found === undefined || (await findStat(this.#paths.blob(repository, digest))) === undefined
      ? undefined
      : found;
  }

  countOn(digest: Digest): void {
    this.#holds.hold(digest);
  }

  async take(repository: RepositoryName, digest: Digest, path: string): Promise<void> {
    this.#holds.hold(digest);
    const { size } = await stat(path);
    // Where only the name comes to be, it names what the depot does not have: that counts as nothing. The other way round
    // a process that is killed in between would leave neither the session nor a blob of this repository.
    const named = this.#note(repository, digest);
    await Promise.all([this.#depot.takeFile(digest, path, named), named]);
    this.#onArrived(repository, { digest, size });
  }

  async open(
    repository: RepositoryName,
    digest: Digest,
    range: { offset: number; end: number },
  ): Promise<PieceStream | undefined> {
    return (await this.find(repository, digest)) === undefined ? undefined : this.#depot.openRange(digest, range);
  }

  async mount(repository: RepositoryName, digest: Digest, from: RepositoryName | undefined): Promise<boolean> {
    const found = from === undefined ? this.#depot.find(digest) : await this.find(from, digest);
    if (found === undefined) return false;
    this.#holds.hold(digest);
    await this.#note(repository, digest);
    this.#onArrived(repository, { digest, size: found.sizeBytes });
    return true;
  }

  async #note(repository: RepositoryName, digest: Digest): Promise<void> {
    const path = this.#paths.blob(repository, digest);
    await this.#files.write(path, new Uint8Array());
    await noteTold(path, this.#running);
  }

  async delete(repository: RepositoryName, digest: Digest): Promise<boolean> {
    return this.#files.remove(this.#paths.blob(repository, digest));
  }
}
