import { isDigest } from '../../oci/digest.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import { archiveInvalid } from './archive-failure.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { resolveLink } from './entry-path.ts';
import { landFile } from './land-file.ts';
import type { LandedFile, StoredContent } from './landed-file.ts';
import type { TarEntry } from './tar-entries.ts';

/** The documents that say what an archive is, all at its root. */
const DOCUMENTS = ['oci-layout', 'index.json', 'manifest.json'] as const;
type DocumentName = (typeof DOCUMENTS)[number];

/** What an archive holds, once all its entries have passed. */
export type ArchiveContents = {
  readonly documents: ReadonlyMap<DocumentName, Uint8Array>;
  /** By path. */
  readonly files: ReadonlyMap<string, LandedFile>;
  /** Path of a link → path it points to. */
  readonly links: ReadonlyMap<string, string>;
  /** A folder in which such documents were seen, when there is one: somebody packed the folder and not what is in it. */
  readonly packedFolder: string | undefined;
};

/** Follows links to a file; undefined when nothing is there. Throws `archive_invalid` on a circle of links. */
export function findFile(contents: ArchiveContents, path: string): LandedFile | undefined {
  let at = path;
  for (let hops = 0; hops < 16; hops += 1) {
    const target = contents.links.get(at);
    if (target === undefined) return contents.files.get(at);
    at = target;
  }
  throw archiveInvalid(`the link "${path}" leads through more than 16 others, or in a circle`);
}

/** Lands every file as it comes: which are wanted is known only at the end, for the documents often come last. */
export async function landEntries(
  entries: AsyncIterable<TarEntry>,
  depot: BlobDepot,
  limits: ArchiveLimits,
  signal: AbortSignal,
  onStored: (content: StoredContent) => void | Promise<void>,
): Promise<ArchiveContents> {
  const documents = new Map<DocumentName, Uint8Array>();
  const files = new Map<string, LandedFile>();
  const links = new Map<string, string>();
  const paths = new Set<string>();
  let packedFolder: string | undefined;
  for await (const entry of entries) {
    const { path } = entry;
    if (paths.has(path)) throw archiveInvalid(`the entry "${path}" comes twice`);
    paths.add(path);
    if (entry.kind !== 'file') {
      links.set(path, resolveLink(path, entry.kind, entry.linkTarget));
      continue;
    }
    const document = DOCUMENTS.find((name) => name === path);
    if (document !== undefined) {
      documents.set(document, await readWhole(entry, limits.manifestBytes));
      continue;
    }
    if (/^[^/]+\/(?:oci-layout|index\.json|manifest\.json)$/.test(path)) packedFolder ??= path.split('/')[0];
    const named = parseBlobPath(path);
    const file = await landFile(
      entry,
      named,
      named !== undefined || entry.sizeBytes <= limits.manifestBytes,
      depot,
      signal,
    );
    if (file === undefined) continue;
    files.set(path, file);
    await onStored(file.stored);
  }
  return { documents, files, links, packedFolder };
}

/**
 * `blobs/<algorithm>/<hex>` → the digest; undefined for other paths, and for algorithms we do not know (image-spec 1.1,
 * image-layout.md, "Blobs"). A name that is no digest of its algorithm is `archive_invalid`.
 */
function parseBlobPath(path: string) {
  const match = /^blobs\/(sha256|sha512)\/(.*)$/.exec(path);
  if (match === null) return undefined;
  const digest = `${match[1]}:${match[2]}`;
  if (!isDigest(digest)) throw archiveInvalid(`the entry "${path}" is not named by a ${match[1]} digest`);
  return digest;
}

async function readWhole(entry: TarEntry, limitBytes: number): Promise<Uint8Array> {
  if (entry.sizeBytes > limitBytes)
    throw archiveInvalid(`${entry.path} has ${entry.sizeBytes} bytes, over the limit of ${limitBytes}`);
  return Buffer.concat(await Array.fromAsync(entry.body));
}
