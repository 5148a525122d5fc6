import type { Transform } from 'node:stream';
import { toFailure } from '../../kernel/failure.ts';

/** The part of a writable stream that feeding needs; tar-stream's streams are not Node's own. */
type Fed = {
  readonly destroyed: boolean;
  write(chunk: Uint8Array): boolean;
  end(last: null): unknown;
  destroy(error?: Error): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
};

/** What a transform makes of the source, with back-pressure. An error of the source comes out as it is. */
export async function* pipeThrough(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  const feeding = feed(source, transform);
  try {
    for await (const chunk of transform) yield chunk;
    await feeding;
  } finally {
    transform.destroy();
  }
}

/** Writes the source into a stream and ends it; a source that fails destroys the stream with its error. Never rejects. */
export async function feed(source: AsyncIterable<Uint8Array>, stream: Fed): Promise<void> {
  try {
    for await (const chunk of source) {
      if (stream.destroyed) return;
      if (!stream.write(chunk)) await drained(stream);
      if (stream.destroyed) return;
    }
    stream.end(null);
  } catch (error) {
    stream.destroy(error instanceof Error ? error : toFailure(error));
  }
}

function drained(stream: Fed): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
    if (stream.destroyed) done();
  });
}
