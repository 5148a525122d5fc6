import { Failure } from '../../kernel/failure.ts';
import { abortable } from './abortable.ts';
import { archiveInvalid } from './archive-failure.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { recogniseContent } from './content-form.ts';
import { peekStream } from './peek-stream.ts';
import { unpack } from './unpack.ts';

/**
 * The tar inside an archive that may be compressed as a whole. Bounded as sent and as unpacked (`body_too_large`);
 * a stream that breaks off while it is sent is `archive_invalid`. An abort throws the signal's reason at once.
 */
export async function* readArchiveBytes(
  archive: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const sent = bounded(received(archive, signal), limits.archiveBytes, 'the archive');
  const { head, body } = await peekStream(sent, 6);
  if (head.byteLength === 0) throw archiveInvalid('the archive is empty');
  const form = recogniseContent(head);
  if (form === 'gzip' || form === 'zstd') {
    yield* bounded(unpack(body, form, 'the archive'), limits.archiveBytes, 'the unpacked archive');
    return;
  }
  const other = findOtherCompression(head);
  if (other !== undefined)
    throw archiveInvalid(`the archive is compressed with ${other}; plain tar, gzip and zstd are understood`);
  yield* body;
}

async function* received(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of abortable(archive, signal)) {
      bytes += chunk.byteLength;
      if (chunk.byteLength > 0) yield chunk;
    }
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error;
    throw archiveInvalid(
      `receiving the archive broke off after ${bytes} bytes: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

async function* bounded(
  source: AsyncIterable<Uint8Array>,
  limitBytes: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes)
      throw new Failure('body_too_large', `${what} is over the limit of ${limitBytes} bytes`, {
        side: 'source',
        step: 'archive read',
      });
    yield chunk;
  }
}

function findOtherCompression(head: Uint8Array): string | undefined {
  const hex = Buffer.from(head).toString('hex');
  if (hex.startsWith('fd377a585a00')) return 'xz';
  if (hex.startsWith('425a68')) return 'bzip2';
  if (hex.startsWith('04224d18')) return 'lz4';
  if (hex.startsWith('504b0304')) return 'zip';
  return undefined;
}
