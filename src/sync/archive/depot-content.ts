import { Failure } from '../../kernel/failure.ts';
import type { BlobDepot, OpenBlob } from '../copy/blob-depot.ts';
import { archiveInvalid } from './archive-failure.ts';
import type { LandedFile, StoredContent } from './landed-file.ts';
import { unpack } from './unpack.ts';

/** Bytes that this archive landed a moment ago. Throws `depot_full` when they were evicted meanwhile. */
export async function* readStored(
  depot: BlobDepot,
  content: StoredContent,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const blob = await depot.land(content, () => Promise.reject(letGo(content)), signal);
  const reader = blob.openReader();
  try {
    yield* reader.read({ offset: 0, end: content.size }, signal);
  } finally {
    reader.close();
  }
}

/** A small document that this archive landed, such as a manifest or config. */
export async function readDocument(
  depot: BlobDepot,
  file: LandedFile,
  limitBytes: number,
  what: string,
): Promise<Uint8Array> {
  if (file.form !== 'other') throw archiveInvalid(`${what} is ${file.form}, not JSON`);
  if (file.sizeBytes > limitBytes)
    throw archiveInvalid(`${what} has ${file.sizeBytes} bytes, over the limit of ${limitBytes}`);
  const bytes = await depot.readBytes(file.stored.digest, limitBytes);
  if (bytes === undefined) throw letGo(file.stored);
  return bytes;
}

/** Sees to it that the depot has the file's own bytes, which for a tar means unpacking what was landed of it. */
export async function restoreOriginal(depot: BlobDepot, file: LandedFile, signal: AbortSignal): Promise<void> {
  if (file.stored.digest === file.digest) return;
  const open: OpenBlob = async (_offset, landingSignal) => {
    const stored = readStored(depot, file.stored, landingSignal);
    return { startsAt: 0, body: file.form === 'tar' ? unpack(stored, 'gzip', file.path) : stored };
  };
  const blob = await depot.land({ digest: file.digest, size: file.sizeBytes }, open, signal);
  await blob.landed;
}

/** Throws `depot_full` unless all of it is whole in the depot. */
export function assertStored(depot: BlobDepot, contents: readonly StoredContent[]): void {
  for (const content of contents) {
    if (depot.find(content.digest)?.sizeBytes !== content.size) throw letGo(content);
  }
}

function letGo(content: StoredContent): Failure {
  return new Failure(
    'depot_full',
    `${content.digest} (${content.size} bytes) was evicted from the depot while its archive was being read; the depot is too small for what goes on at once`,
    {
      side: 'here',
      step: 'archive read',
    },
  );
}
