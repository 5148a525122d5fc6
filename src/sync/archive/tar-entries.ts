import { extract, type Header } from 'tar-stream';
import { Failure } from '../../kernel/failure.ts';
import { archiveInvalid } from './archive-failure.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { parseEntryPath } from './entry-path.ts';
import { feed } from './pipe-through.ts';

/** A file or link of a tar, in the order they come. */
export type TarEntry = {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'symlink';
  readonly sizeBytes: number;
  /** A link's target as written; empty for a file. */
  readonly linkTarget: string;
  /** To be read to its end or not at all, before the next entry is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
};

/** A header as tar-stream gives it; its types leave out that a kind may be unknown, and that a file has no link. */
type RawHeader = Pick<Header, 'name' | 'size' | 'pax'> & {
  readonly type: Header['type'] | null;
  readonly linkname: string | null;
};

/**
 * The entries of a tar (ustar, GNU and pax long names and sizes), one at a time and without keeping their bytes.
 * Folders are checked and passed over. A tar without its closing blocks of zeros is taken, one that ends inside an
 * entry is not. Devices, pipes, sparse files and unknown kinds are `archive_invalid`: no image has them at this level.
 */
export async function* readTarEntries(
  bytes: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
): AsyncGenerator<TarEntry> {
  const tar = extract();
  void feed(bytes, tar);
  let count = 0;
  try {
    for await (const entry of tar) {
      count += 1;
      if (count > limits.entries) throw archiveInvalid(`the archive has more than ${limits.entries} entries`);
      const body = readBody(entry);
      const described = describe(entry.header);
      if (described !== undefined) yield { ...described, body };
      for await (const _ of body); // what nobody read is passed over
    }
  } catch (error) {
    throw asTarFailure(error);
  } finally {
    tar.destroy();
  }
}

async function* readBody(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    throw asTarFailure(error);
  }
}

function describe(header: RawHeader): Omit<TarEntry, 'body'> | undefined {
  const { name, type, size, linkname, pax } = header;
  const path = parseEntryPath(name);
  const what = `the entry "${path.slice(0, 160)}"`;
  if (type === 'directory' || (type === 'file' && name.endsWith('/') && size === 0)) return undefined;
  if (path === '' || name.endsWith('/')) throw archiveInvalid(`${what} is a file with the name of a folder`);
  if (isSparse(pax)) throw archiveInvalid(`${what} is a sparse file, which image archives do not have`);
  if (type === 'link' || type === 'symlink') return { path, kind: type, sizeBytes: 0, linkTarget: linkname ?? '' };
  if (type === 'file' || type === 'contiguous-file') return { path, kind: 'file', sizeBytes: size, linkTarget: '' };
  throw archiveInvalid(
    `${what} is ${type === null ? 'of an unknown kind' : `a ${type}`}, which image archives do not have`,
  );
}

/** GNU tar's pax forms of sparse files put a map before the data; the older form has a kind of its own. */
function isSparse(pax: unknown): boolean {
  return typeof pax === 'object' && pax !== null && Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'));
}

function asTarFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (message === 'Unexpected end of data')
    return archiveInvalid('the archive is cut short: it ends inside an entry', error);
  return archiveInvalid(`the archive is not a tar that can be read: ${message}`, error);
}
