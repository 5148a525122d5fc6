import type { BlobDepot } from '../copy/blob-depot.ts';
import { readArchiveBytes } from './archive-bytes.ts';
import { archiveInvalid } from './archive-failure.ts';
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './archive-limits.ts';
import type { ArchivedImage } from './archived-image.ts';
import { assertStored } from './depot-content.ts';
import { type ArchiveContents, landEntries } from './land-entries.ts';
import type { StoredContent } from './landed-file.ts';
import { openDockerSave } from './open-docker-save.ts';
import { openLayout } from './open-layout.ts';
import { readTarEntries } from './tar-entries.ts';

export type ReadArchiveOptions = {
  /** The bytes as they come, tar, or tar in gzip or zstd. Read to its end, but for failures and aborts. */
  readonly archive: AsyncIterable<Uint8Array>;
  readonly depot: BlobDepot;
  /** The release that is pushed, `team/app:1.2.3`: tells which image is meant where the archive has several. */
  readonly tag: string;
  readonly signal: AbortSignal;
  readonly limits?: Partial<ArchiveLimits>;
  /** Told of every content that the depot has because of this archive, wanted in the end or not, so that it can be kept from eviction meanwhile. */
  readonly onStored?: (content: StoredContent) => void | Promise<void>;
};

/**
 * Reads an image archive, `docker save` or OCI layout, into the depot in one pass and with bounded memory, and
 * answers what the image consists of. All of it is then whole in the depot and verified: blobs against their names,
 * references against what is there, layers of `docker save` against the config.
 *
 * An OCI layout keeps its bytes and so its digest. `docker save` has no digest to keep: its image becomes an OCI
 * image manifest over the config as it is and layers in gzip, the same for the same archive.
 *
 * Throws `archive_invalid`, `body_too_large`, what the depot throws (`depot_full`, `disk_full`), or the signal's reason.
 */
export async function readArchive(options: ReadArchiveOptions): Promise<ArchivedImage> {
  const { depot, tag, onStored = () => {} } = options;
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...options.limits };
  // Ends the reading when landing fails, even while the sender keeps us waiting.
  const giveUp = new AbortController();
  const signal = AbortSignal.any([options.signal, giveUp.signal]);
  try {
    const bytes = readArchiveBytes(options.archive, limits, signal);
    const contents = await landEntries(readTarEntries(bytes, limits), depot, limits, signal, onStored);
    const image = await openImage(contents, tag, depot, limits, signal);
    assertStored(depot, [...image.manifests, ...image.blobs]);
    return image;
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    giveUp.abort();
  }
}

async function openImage(
  contents: ArchiveContents,
  tag: string,
  depot: BlobDepot,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<ArchivedImage> {
  const { documents } = contents;
  if (documents.has('oci-layout') || documents.has('index.json'))
    return openLayout(contents, tag, depot, limits, signal);
  const dockerManifest = documents.get('manifest.json');
  if (dockerManifest !== undefined) return openDockerSave(contents, dockerManifest, tag, depot, limits, signal);
  const hint =
    contents.packedFolder === undefined
      ? ''
      : ` (they are in the folder "${contents.packedFolder}": pack what is in it, not the folder)`;
  throw archiveInvalid(`the archive is no image: it has neither a manifest.json nor an oci-layout at its root${hint}`);
}
