import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Failure } from '../../kernel/failure.ts';
import { giveBack } from '../../kernel/give-back.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** So many pieces of whatever size may wait while a write is under way; then the stream is paused. */
const MAX_WAITING_CHUNKS = 256;

/** A write costs as much as moving some ten thousand bytes, so it waits for more of them, but not for long. */
const WORTH_WRITING_BYTES = 1024 * 1024;
const PATIENCE_MS = 10;

/**
 * Writes a stream into a file from `position` on and answers how the stream ended: `undefined` at its proper end, else
 * why it did not get there (it broke off, or `signal` aborted). Whatever arrived before is in the file either way.
 * Rejects only when the file cannot be written.
 *
 * Each write takes all that has come while the one before was under way, and waits a moment where that is little, so a
 * slow link is on disk within milliseconds and a fast one is written in large pieces. `beforeWrite` may refuse a write; `onWritten` hears what was written and the size after
 * it; then, with `freesPieces`, their memory is freed: the stream's pieces must be nobody else's.
 */
export async function appendStream(
  body: Readable,
  file: FileHandle,
  position: number,
  options: {
    signal: AbortSignal;
    room: WaitingRoom;
    freesPieces: boolean;
    beforeWrite(bytes: number): Promise<void>;
    onWritten(chunks: readonly Buffer[], sizeBytes: number): Promise<void>;
  },
): Promise<Failure | undefined> {
  const { signal, room, freesPieces, beforeWrite, onWritten } = options;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let written = position;
  let writing: Promise<void> | undefined;
  let isOver = false;
  let patience: NodeJS.Timeout | undefined;
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<Failure | undefined>();

  const writeOnce = async (): Promise<void> => {
    const chunks = waiting;
    const bytes = waitingBytes;
    waiting = [];
    waitingBytes = 0;
    if (body.isPaused() && !signal.aborted) body.resume();
    await beforeWrite(bytes);
    written += await writeAll(file, chunks, bytes, written);
    await onWritten(chunks, written);
    if (freesPieces) giveBack(chunks);
  };
  const write = (): void => {
    clearTimeout(patience);
    patience = undefined;
    writing = writeOnce();
    writing.then(() => {
      writing = undefined;
      writeWhenDue();
    }, fail);
  };
  const writeWhenDue = (): void => {
    if (writing !== undefined || waiting.length === 0) return;
    if (isOver || waitingBytes >= WORTH_WRITING_BYTES || isFull()) write();
    else patience ??= setTimeout(write, PATIENCE_MS);
  };
  const isFull = () => waitingBytes >= room.shareBytes || waiting.length >= MAX_WAITING_CHUNKS;
  const take = (chunk: Buffer): void => {
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (isFull()) body.pause();
    writeWhenDue();
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
    isOver = true;
    writeWhenDue();
    while (writing !== undefined) await writing;
    return reason;
  } finally {
    leave();
    clearTimeout(patience);
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
