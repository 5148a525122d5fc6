import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Failure } from '../../kernel/failure.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** So many pieces of whatever size may wait while a write is under way; then the stream is paused. */
const MAX_WAITING_CHUNKS = 256;

/**
 * Writes a stream into a file from `position` on and answers how the stream ended: `undefined` at its proper end, else
 * why it did not get there (it broke off, or `signal` aborted). Whatever arrived before is in the file either way.
 * Rejects only when the file cannot be written.
 *
 * Each write takes all that has come while the one before was under way, so a slow link is on disk at once and a fast
 * one is written in large pieces. `onArrived` sees each piece in order, `beforeWrite` may refuse a write, `onWritten`
 * hears the size after each.
 */
export async function appendStream(
  body: Readable,
  file: FileHandle,
  position: number,
  options: {
    signal: AbortSignal;
    room: WaitingRoom;
    onArrived(chunk: Buffer): void;
    beforeWrite(bytes: number): Promise<void>;
    onWritten(sizeBytes: number): void;
  },
): Promise<Failure | undefined> {
  const { signal, room, onArrived, beforeWrite, onWritten } = options;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let written = position;
  let writing: Promise<void> | undefined;
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<Failure | undefined>();

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const chunks = waiting;
      const bytes = waitingBytes;
      waiting = [];
      waitingBytes = 0;
      if (body.isPaused() && !signal.aborted) body.resume();
      await beforeWrite(bytes);
      written += await writeAll(file, chunks, bytes, written);
      onWritten(written);
    }
    writing = undefined;
  };
  const take = (chunk: Buffer): void => {
    onArrived(chunk);
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (waitingBytes >= room.shareBytes || waiting.length >= MAX_WAITING_CHUNKS) body.pause();
    if (writing === undefined) {
      writing = write();
      writing.catch(fail);
    }
  };
  const cut = (cause?: unknown): void =>
    end(new Failure('connection_lost', `the upload broke off at byte ${written + waitingBytes}`, { cause }));
  const onEnd = (): void => end(undefined);
  const onClose = (): void => cut();
  const onAbort = (): void =>
    end(new Failure('cancelled', 'the upload was taken over by a newer request or cancelled'));

  const leave = room.enter();
  if (signal.aborted) onAbort();
  else if (body.destroyed && !body.readableEnded) cut(body.errored);
  else {
    signal.addEventListener('abort', onAbort);
    body.on('data', take).on('end', onEnd).on('error', cut).on('close', onClose);
  }
  try {
    const reason = await ended;
    body.off('data', take);
    body.pause();
    await writing;
    return reason;
  } finally {
    leave();
    signal.removeEventListener('abort', onAbort);
    body.off('data', take).off('end', onEnd).off('error', cut).off('close', onClose);
    // What comes after an abort has no taker: let it flow away, the connection is still needed for the answer.
    if (!body.destroyed) body.resume();
  }
}

/** Writes may be short; goes on until everything is in the file. */
async function writeAll(file: FileHandle, chunks: Buffer[], total: number, position: number): Promise<number> {
  let done = 0;
  let rest = chunks;
  while (done < total) {
    const { bytesWritten } = await file.writev(rest, position + done);
    done += bytesWritten;
    if (done < total) rest = skipBytes(rest, bytesWritten);
  }
  return total;
}

function skipBytes(chunks: Buffer[], count: number): Buffer[] {
  let skip = count;
  return chunks.flatMap((chunk) => {
    const rest = chunk.subarray(Math.min(skip, chunk.byteLength));
    skip -= chunk.byteLength - rest.byteLength;
    return rest.byteLength === 0 ? [] : [rest];
  });
}
