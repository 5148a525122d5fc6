import { type Digest, DigestHasher, digestAlgorithm, digestOf } from '../../oci/digest.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import { archiveInvalid } from './archive-failure.ts';
import { FORM_HEAD_BYTES, recogniseContent } from './content-form.ts';
import { restoreOriginal } from './depot-content.ts';
import type { LandedFile } from './landed-file.ts';
import { peekStream } from './peek-stream.ts';
import { reproducibleGzip } from './reproducible-gzip.ts';
import type { TarEntry } from './tar-entries.ts';

/** Files up to this size are kept by `writeBytes`: the depot then sets aside just their size. */
const SMALL_BYTES = 1024 * 1024;

/**
 * Brings one file of the archive into the depot as its bytes arrive. A tar is gzipped on the way, because that is
 * what nearly all of them end as; everything else is kept as it is.
 *
 * @param named the digest that the file's name says, verified; `archive_invalid` when the bytes are others.
 * @param keepOther whether a file that is neither tar nor compressed is wanted; undefined is returned where it is not.
 */
export async function landFile(
  entry: TarEntry,
  named: Digest | undefined,
  keepOther: boolean,
  depot: BlobDepot,
  signal: AbortSignal,
): Promise<LandedFile | undefined> {
  const { head, body } = await peekStream(entry.body, FORM_HEAD_BYTES);
  const form = recogniseContent(head);
  if (form === 'other' && !keepOther) {
    for await (const _ of body); // read to its end, so that the next entry can come
    return undefined;
  }
  const hashed = new HashedStream(body, named);
  const isKnown = named !== undefined && form !== 'tar' && depot.find(named)?.sizeBytes === entry.sizeBytes;
  const landed = isKnown ? await hashed.drain() : await land(hashed, entry.sizeBytes, form === 'tar', depot, signal);
  const { sha256, digest } = hashed.finish();
  if (named !== undefined && digest !== named)
    throw archiveInvalid(`${entry.path} has other bytes than its name says: they are ${digest}`);
  const stored = landed ?? { digest, size: entry.sizeBytes };
  const file: LandedFile = { path: entry.path, digest, sizeBytes: entry.sizeBytes, form, sha256, stored };
  if (form === 'tar' || stored.digest === digest) return file;
  // Landed by its sha256, named by its sha512.
  await restoreOriginal(depot, file, signal);
  return { ...file, stored: { digest, size: entry.sizeBytes } };
}

async function land(hashed: HashedStream, sizeBytes: number, isTar: boolean, depot: BlobDepot, signal: AbortSignal) {
  if (!isTar && sizeBytes <= SMALL_BYTES) {
    const bytes = Buffer.concat(await Array.fromAsync(hashed.read()));
    const digest = digestOf(bytes, hashed.algorithm);
    await depot.writeBytes(digest, bytes);
    return { digest, size: bytes.byteLength };
  }
  const landed = await depot.landStream(isTar ? reproducibleGzip(hashed.read()) : hashed.read(), signal);
  return { digest: landed.digest, size: landed.sizeBytes };
}

/** A stream that is hashed as it is read: by sha256, and by the algorithm of its name where that is another. */
class HashedStream {
  readonly algorithm: 'sha256' | 'sha512';
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #sha256 = new DigestHasher('sha256');
  readonly #sha512: DigestHasher | undefined;

  constructor(source: AsyncIterable<Uint8Array>, named: Digest | undefined) {
    this.#source = source;
    this.algorithm = named === undefined ? 'sha256' : digestAlgorithm(named);
    this.#sha512 = this.algorithm === 'sha512' ? new DigestHasher('sha512') : undefined;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#sha256.update(chunk);
      this.#sha512?.update(chunk);
      yield chunk;
    }
  }

  async drain(): Promise<undefined> {
    for await (const _ of this.read()); // only for its digest
  }

  finish(): { sha256: Digest; digest: Digest } {
    const sha256 = this.#sha256.finish();
    return { sha256, digest: this.#sha512?.finish() ?? sha256 };
  }
}
