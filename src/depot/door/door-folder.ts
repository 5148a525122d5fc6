import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../oci/digest.ts';
import { isRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import type { Tag } from '../../oci/tag.ts';
import type { BlobOrigin } from '../../sync/copy/blob-origin.ts';
import type { Depot } from '../depot-port.ts';
import { FolderFiles, findStat } from '../registry-folder/folder-files.ts';
import { FolderPaths } from '../registry-folder/folder-paths.ts';
import { openRegistryFolder, type RegistryFolder } from '../registry-folder/registry-folder.ts';
import type { UploadWatch } from '../registry-folder/upload-watch.ts';
import { type BlobArrival, DoorBlobs } from './door-blobs.ts';
import { DoorDeletions } from './door-deletions.ts';
import type { DoorHolds } from './door-holds.ts';
import { findDoorManifest } from './door-tree.ts';
import { RunningTime } from './running-time.ts';
import { holdAgain, notePushed } from './told-times.ts';

export type DoorFolderOptions = {
  /** On the same disk as the depot, since uploads become blobs by being moved. */
  readonly folder: string;
  readonly depot: Depot;
  readonly holds: DoorHolds;
  readonly durable: boolean;
  readonly openHash: OpenHash;
  readonly onArrived: BlobArrival;
  /** Hears how uploads go on. */
  readonly watch?: UploadWatch;
  /** The steady clock. */
  readonly elapsedMs: () => number;
};

/** What was pushed to the service itself: repositories, manifests, tags and upload sessions beside the depot. */
export type DoorFolder = RegistryFolder & {
  /** A repository as the origin of a push; its blobs are in the depot, where every leg looks first. */
  origin(repository: RepositoryName): BlobOrigin;
  /** Every tag and the digest it names. */
  tagged(): AsyncIterable<{ readonly repository: RepositoryName; readonly tag: Tag; readonly digest: Digest }>;
  /** When the tag was put last, milliseconds since the epoch. */
  taggedAt(repository: RepositoryName, tag: Tag): Promise<number | undefined>;
  readonly deletions: DoorDeletions;
  /** A push has these: as blobs of the repository they wait for their manifest no more, in later runs neither. */
  pushed(repository: RepositoryName, digests: readonly Digest[]): Promise<void>;
};

/** Opens the folder; blobs that clients sent lately and nothing has named yet are held as they were before. */
export async function openDoorFolder(options: DoorFolderOptions): Promise<DoorFolder> {
  const { depot, holds, durable, openHash, onArrived } = options;
  const paths = new FolderPaths(options.folder);
  const files = new FolderFiles(paths.unfinished, durable);
  const running = await RunningTime.open(join(options.folder, 'running-ms'), files, options.elapsedMs);
  const folder = await openRegistryFolder({
    folder: options.folder,
    durable,
    openHash,
    room: depot.room,
    // Clients go on with them for as long as they like, so that only a clock that is believed makes them old.
    keepUploadsMs: null,
    ...(options.watch === undefined ? {} : { watch: options.watch }),
    openBlobs: (paths, files) => new DoorBlobs(paths, files, { depot, holds, running, onArrived }),
  });
  await holdAgain(paths, repositories(paths), { running, holds });
  const deletions = new DoorDeletions(paths, files);
  return {
    ...withDeletions(folder, deletions),
    deletions,
    async pushed(repository, digests) {
      holds.release(digests);
      await Promise.all(digests.map((digest) => notePushed(paths.blob(repository, digest), running)));
    },
    taggedAt: async (repository, tag) => (await findStat(paths.tag(repository, tag)))?.modifiedAtMs,
    async close() {
      await folder.close();
      await running.close();
    },
    origin: (repository) => ({
      label: `what was pushed to ${repository}`,
      getManifest: (reference) => findDoorManifest(folder, repository, reference),
      openBlob: async () => undefined,
      listReferrers: (digest) => folder.listReferrers(repository, digest),
    }),
    async *tagged() {
      for await (const repository of repositories(paths)) {
        for (const tag of (await folder.listTags(repository)) ?? []) {
          const digest = await folder.findTag(repository, tag);
          if (digest !== undefined) yield { repository, tag, digest };
        }
      }
    },
  };
}

/** Notes what is deleted, and strikes out what is put again. */
function withDeletions(folder: RegistryFolder, deletions: DoorDeletions): RegistryFolder {
  const noted =
    <T extends Digest | Tag>(remove: (repository: RepositoryName, reference: T) => Promise<boolean>) =>
    async (repository: RepositoryName, reference: T): Promise<boolean> => {
      const wasThere = await remove(repository, reference);
      if (wasThere) await deletions.note(repository, reference);
      return wasThere;
    };
  return {
    ...folder,
    deleteBlob: noted(folder.deleteBlob),
    deleteManifest: noted(folder.deleteManifest),
    deleteTag: noted(folder.deleteTag),
    async mountBlob(repository, digest, from) {
      const isMounted = await folder.mountBlob(repository, digest, from);
      if (isMounted) await deletions.lift(repository, [digest]);
      return isMounted;
    },
    async finishUpload(repository, id, digest) {
      const outcome = await folder.finishUpload(repository, id, digest);
      if (outcome.kind === 'stored') await deletions.lift(repository, [digest]);
      return outcome;
    },
    async putManifest(repository, manifest, tags) {
      await folder.putManifest(repository, manifest, tags);
      await deletions.lift(repository, [manifest.digest, ...tags]);
    },
  };
}

async function* repositories(paths: FolderPaths, parent = ''): AsyncGenerator<RepositoryName> {
  const entries = await readdir(join(paths.root, 'repositories', parent), { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.name.startsWith('_')) && isRepositoryName(parent)) yield parent;
  for (const entry of entries) {
    if (entry.isDirectory() && !entry.name.startsWith('_'))
      yield* repositories(paths, parent === '' ? entry.name : `${parent}/${entry.name}`);
  }
}
