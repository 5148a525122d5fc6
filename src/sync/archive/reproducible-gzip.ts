import { constants, createGzip } from 'node:zlib';
import { pipeThrough } from './pipe-through.ts';

/**
 * Part of what decides a layer's digest, so never changed lightly. On binaries 5 packs within half a percent of 6 and
 * takes about two thirds of its time.
 */
const LEVEL = 5;
const PIECE_BYTES = 128 * 1024;

/** RFC 1952 2.3.1: byte 9 of the header is the operating system; 255 is "unknown", the same wherever we run. */
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

/**
 * Gzip that is the same for the same bytes, however they arrive: fixed level, no name, no time, no operating system,
 * input cut into pieces of one size. Runs in zlib's thread pool.
 *
 * Deflate leaves the encoder free, so this holds for one version of zlib: the one inside the Node that the repository
 * pins, on CPUs with CRC instructions (which it uses as its hash: any x86-64 with SSE 4.2, any ARMv8.1). A test
 * holds a known digest, so that a Node whose zlib packs differently is noticed.
 */
export async function* reproducibleGzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({
    level: LEVEL,
    memLevel: 8,
    windowBits: 15,
    strategy: constants.Z_DEFAULT_STRATEGY,
    chunkSize: PIECE_BYTES,
  });
  let position = 0;
  for await (const chunk of pipeThrough(cutEvenly(source, PIECE_BYTES), gzip)) {
    const at = OS_BYTE - position;
    if (at >= 0 && at < chunk.byteLength) chunk[at] = OS_UNKNOWN;
    position += chunk.byteLength;
    yield chunk;
  }
}

async function* cutEvenly(source: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Uint8Array> {
  let piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  for await (const chunk of source) {
    for (let offset = 0; offset < chunk.byteLength; ) {
      const part = chunk.subarray(offset, offset + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      offset += part.byteLength;
      if (filled === pieceBytes) {
        yield piece;
        // The thread pool may still be reading the last one.
        piece = Buffer.allocUnsafe(pieceBytes);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
