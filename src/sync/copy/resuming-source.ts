import { Failure, isFailure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { OpenBlob } from './blob-depot.ts';
import type { BlobOrigin } from './blob-origin.ts';
import { type Pause, pauseBefore } from './pause-before.ts';

/** How often in a row a source may break off without giving a single byte. */
const MAX_FRUITLESS_ATTEMPTS = 5;

/**
 * Opens a blob of an origin so that an interruption is invisible: when the connection breaks off, the rest is asked
 * for from where it stopped. Gives up after several attempts in a row that brought nothing.
 */
export function resumingSource(origin: BlobOrigin, digest: Digest, pause: Pause): OpenBlob {
  const open = async (offset: number, signal: AbortSignal) => {
    const opened = await origin.openBlob(digest, offset, signal);
    if (opened === undefined) {
      throw new Failure('content_missing', `reading blob ${digest} from ${origin.label}: it does not have it`, {
        side: 'source',
        step: 'blob read',
      });
    }
    return opened;
  };
  return async (offset, signal) => {
    const first = await open(offset, signal);
    return { startsAt: first.startsAt, body: resume(first, open, pause, signal) };
  };
}

async function* resume(
  first: Awaited<ReturnType<OpenBlob>>,
  open: OpenBlob,
  pause: Pause,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let position = first.startsAt;
  let opened: Awaited<ReturnType<OpenBlob>> | undefined = first;
  for (let fruitless = 0; ; ) {
    try {
      opened ??= await open(position, signal);
      let skipBytes = position - opened.startsAt;
      for await (const piece of opened.body) {
        const rest: Uint8Array = skipBytes === 0 ? piece : piece.subarray(Math.min(skipBytes, piece.byteLength));
        skipBytes -= piece.byteLength - rest.byteLength;
        if (rest.byteLength === 0) continue;
        position += rest.byteLength;
        fruitless = 0;
        yield rest;
      }
      return;
    } catch (error) {
      fruitless += 1;
      if (!isFailure(error) || !error.mayRetry || fruitless >= MAX_FRUITLESS_ATTEMPTS) throw error;
      opened = undefined;
      await pause(pauseBefore(fruitless, error.details.retryAfterMs), signal);
    }
  }
}
