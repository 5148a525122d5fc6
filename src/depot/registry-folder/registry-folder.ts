import { rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { PieceStream } from '../../kernel/piece-stream.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest, DigestAlgorithm } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { InlineHash, type OpenHash } from '../../oci/stream-hash.ts';
import type { Tag } from '../../oci/tag.ts';
import { BlobLinks } from './blob-links.ts';
import { EarlySync } from './early-sync.ts';
import { FinishedUploads } from './finished-uploads.ts';
import { FolderFiles } from './folder-files.ts';
import { FolderPaths } from './folder-paths.ts';
import { ManifestFiles } from './manifest-files.ts';
import type { RepositoryBlobs } from './repository-blobs.ts';
import type { AppendOutcome } from './upload-outcome.ts';
import { boundlessRoom, type UploadRoom } from './upload-room.ts';
import { UploadSessions } from './upload-sessions.ts';
import type { UploadWatch } from './upload-watch.ts';

export type RegistryFolderOptions = {
  readonly folder: string;
  /** Have everything on the disk before it is answered, so that it survives a power cut and not just a crash. Default true. */
  readonly durable?: boolean;
  /** How long an upload session that stands still is kept. Default 7 days. */
  readonly keepUploadsMs?: number | null;
  /** What bounds the uploads under way; nothing by default. */
  readonly room?: UploadRoom;
  /** Who hears how uploads go on; nobody by default. */
  readonly watch?: UploadWatch;
  /** Hashes uploads; where they are written, by default. */
  readonly openHash?: OpenHash;
  /** Where the blobs' bytes are kept; by default in the folder, linked from each repository. */
  readonly openBlobs?: (paths: FolderPaths, files: FolderFiles) => RepositoryBlobs;
};

type FinishOutcome = { kind: 'stored'; sizeBytes: number } | { kind: 'mismatch'; actual: Digest } | { kind: 'unknown' };

/** A registry's content in one folder that one process uses: fits `RegistryStorage` of the distribution door. */
export type RegistryFolder = {
  hasRepository(repository: RepositoryName): Promise<boolean>;
  createRepository(repository: RepositoryName): Promise<void>;
  findBlob(repository: RepositoryName, digest: Digest): Promise<{ sizeBytes: number } | undefined>;
  countOn(digest: Digest): void;
  openBlob(
    repository: RepositoryName,
    digest: Digest,
    range: { offset: number; end: number },
  ): Promise<PieceStream | undefined>;
  mountBlob(repository: RepositoryName, digest: Digest, from: RepositoryName | undefined): Promise<boolean>;
  deleteBlob(repository: RepositoryName, digest: Digest): Promise<boolean>;
  startUpload(repository: RepositoryName, algorithm: DigestAlgorithm): Promise<string>;
  findUpload(repository: RepositoryName, id: string): Promise<{ sizeBytes: number } | undefined>;
  appendUpload(
    repository: RepositoryName,
    id: string,
    chunk: { body: Readable; offset?: number; algorithm?: DigestAlgorithm },
  ): Promise<AppendOutcome>;
  finishUpload(repository: RepositoryName, id: string, digest: Digest): Promise<FinishOutcome>;
  cancelUpload(repository: RepositoryName, id: string): Promise<boolean>;
  /** Removes sessions to which nothing was added for so long, and says how many. */
  forgetOldUploads(keepMs: number, nowMs: number): Promise<number>;
  findManifest(
    repository: RepositoryName,
    reference: Digest | Tag,
  ): Promise<{ digest: Digest; mediaType: string; bytes: Uint8Array } | undefined>;
  hasManifest(repository: RepositoryName, digest: Digest): Promise<boolean>;
  findTag(repository: RepositoryName, tag: Tag): Promise<Digest | undefined>;
  putManifest(repository: RepositoryName, manifest: Manifest, tags: readonly Tag[]): Promise<void>;
  deleteManifest(repository: RepositoryName, digest: Digest): Promise<boolean>;
  deleteTag(repository: RepositoryName, tag: Tag): Promise<boolean>;
  listTags(repository: RepositoryName): Promise<Tag[] | undefined>;
  listReferrers(repository: RepositoryName, subject: Digest): Promise<Descriptor[]>;
  /** Ends uploads under way; their sessions stay, with every byte that arrived. */
  close(): Promise<void>;
};

/** Opens the folder, making it when it is not there; what a crash left unfinished is swept away. */
export async function openRegistryFolder(options: RegistryFolderOptions): Promise<RegistryFolder> {
  const { folder, durable = true, keepUploadsMs = 7 * 86_400_000 } = options;
  const paths = new FolderPaths(resolve(folder));
  const files = new FolderFiles(paths.unfinished, durable);
  await rm(paths.unfinished, { recursive: true, force: true });
  for (const path of [paths.unfinished, paths.uploads]) await files.makeFolder(path);
  // A session lost to a power cut costs an upload begun again, so its files are not waited for.
  const uploads = new UploadSessions(paths, new FolderFiles(paths.unfinished, false), {
    keepMs: keepUploadsMs,
    room: options.room ?? boundlessRoom,
    openHash: options.openHash ?? ((algorithm) => new InlineHash(algorithm)),
    ...(options.watch === undefined ? {} : { watch: options.watch }),
    ...(durable ? { earlySync: new EarlySync() } : {}),
  });
  const blobs: RepositoryBlobs = options.openBlobs?.(paths, files) ?? new BlobLinks(paths, files);
  const manifests = new ManifestFiles(paths, files);
  const finished = new FinishedUploads();
  await uploads.takeStock();

  const hasRepository = async (repository: RepositoryName): Promise<boolean> => {
    const folders = [paths.blobs(repository), paths.manifests(repository)];
    for (const path of folders) if ((await stat(path).catch(() => undefined)) !== undefined) return true;
    return false;
  };
  return {
    hasRepository,
    createRepository: (repository) => files.makeFolder(paths.blobs(repository)),
    findBlob: (repository, digest) => blobs.find(repository, digest),
    countOn: (digest) => blobs.countOn?.(digest),
    openBlob: (repository, digest, range) => blobs.open(repository, digest, range),
    mountBlob: (repository, digest, from) => blobs.mount(repository, digest, from),
    deleteBlob: (repository, digest) => blobs.delete(repository, digest),
    startUpload: async (repository, algorithm) => {
      const id = await uploads.start(repository, algorithm);
      finished.noteBegun(id);
      return id;
    },
    findUpload: (repository, id) => uploads.find(repository, id),
    appendUpload: (repository, id, chunk) => uploads.append(repository, id, chunk),
    finishUpload: async (repository, id, digest) => {
      const outcome = await uploads.finish(repository, id, digest, async (path) => {
        await blobs.take(repository, digest, path);
        finished.note(id, repository, digest);
      });
      if (outcome.kind === 'verified') return { kind: 'stored', sizeBytes: outcome.sizeBytes };
      const isRepeated =
        outcome.kind === 'unknown' && (finished.has(id, repository, digest) || finished.mayBeOfEarlierProcess(id));
      const stored = isRepeated ? await blobs.find(repository, digest) : undefined;
      return stored === undefined ? outcome : { kind: 'stored', ...stored };
    },
    cancelUpload: (repository, id) => uploads.cancel(repository, id),
    forgetOldUploads: (keepMs, nowMs) => uploads.forgetOld(keepMs, nowMs),
    findManifest: (repository, reference) => manifests.find(repository, reference),
    hasManifest: (repository, digest) => manifests.has(repository, digest),
    findTag: (repository, tag) => manifests.findTag(repository, tag),
    putManifest: (repository, manifest, tags) => manifests.put(repository, manifest, tags),
    deleteManifest: (repository, digest) => manifests.delete(repository, digest),
    deleteTag: (repository, tag) => manifests.deleteTag(repository, tag),
    listTags: async (repository) =>
      (await manifests.listTags(repository)) ?? ((await hasRepository(repository)) ? [] : undefined),
    listReferrers: (repository, subject) => manifests.listReferrers(repository, subject),
    close: () => uploads.close(),
  };
}
