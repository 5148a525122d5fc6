import type { Socket } from 'node:net';

/** How long a socket that cannot be written any more is still listened to. */
const LAST_WORD_MS = 250;

type WriteDone = (error?: Error | null) => void;

/**
 * A server that refuses an upload often answers, closes, and resets the connection under the bytes still coming. The
 * answer then waits unread in our kernel, while the failing write would destroy the socket. So a failed write is held
 * back a moment: reading goes on, and brings the answer or the end of the connection.
 */
export function keepLastWord(socket: Socket): void {
  const write = socket._write;
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, holdError(done));
  const writev = socket._writev;
  if (writev !== undefined && writev !== null) {
    socket._writev = (chunks, done) => writev.call(socket, chunks, holdError(done));
  }
}

function holdError(done: WriteDone): WriteDone {
  return (error) => {
    if (error === undefined || error === null) done();
    else setTimeout(done, LAST_WORD_MS, error);
  };
}
