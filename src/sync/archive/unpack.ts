import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { Failure } from '../../kernel/failure.ts';
import { archiveInvalid } from './archive-failure.ts';
import { FREE_EXPANSION_BYTES, MAX_EXPANSION } from './archive-limits.ts';
import { pipeThrough } from './pipe-through.ts';

const OUTPUT_BYTES = 128 * 1024;

/**
 * Compressed bytes → what they hold, off the main thread (zlib's streams run in the thread pool). Throws
 * `archive_invalid` when they are corrupt, end early, or expand beyond reason.
 */
export async function* unpack(
  source: AsyncIterable<Uint8Array>,
  form: 'gzip' | 'zstd',
  what: string,
): AsyncGenerator<Uint8Array> {
  let packedBytes = 0;
  let unpackedBytes = 0;
  async function* counted() {
    for await (const chunk of source) {
      packedBytes += chunk.byteLength;
      yield chunk;
    }
  }
  const transform =
    form === 'gzip'
      ? createGunzip({ chunkSize: OUTPUT_BYTES })
      : // 27 bits, 128 MiB, is what the zstd tool itself decodes without being told to: the memory one frame may ask for.
        createZstdDecompress({ chunkSize: OUTPUT_BYTES, params: { [constants.ZSTD_d_windowLogMax]: 27 } });
  try {
    for await (const chunk of pipeThrough(counted(), transform)) {
      unpackedBytes += chunk.byteLength;
      if (unpackedBytes > FREE_EXPANSION_BYTES && unpackedBytes > packedBytes * MAX_EXPANSION) {
        throw archiveInvalid(`${what} unpacks to more than ${MAX_EXPANSION} times its size`);
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Failure || !isZlibError(error)) throw error;
    throw archiveInvalid(`${what} is ${form} that is cut short or corrupt: ${error.message}`, error);
  }
}

function isZlibError(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:Z_|ZSTD_)/.test(error.code)
  );
}
