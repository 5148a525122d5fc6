import { EventEmitter, once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendStream } from '../../../src/depot/registry-folder/append-stream.ts';
import { WaitingRoom } from '../../../src/depot/registry-folder/waiting-room.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-append-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What so many uploads take into memory while the disk takes nothing; afterwards it does, and all is written. */
async function bytesTakenBy(uploads: number, pieces: number): Promise<number> {
  const room = new WaitingRoom();
  const disk = Promise.withResolvers<void>();
  const { signal } = new AbortController();
  let taken = 0;
  let written = 0;
  const bodies = Array.from({ length: uploads }, () =>
    Readable.from(
      Array.from({ length: pieces }, () => Buffer.alloc(PIECE_BYTES)),
      { highWaterMark: 1 },
    ),
  );
  const files = await Promise.all(bodies.map((_, n) => open(join(folder, `${uploads}-${n}`), 'w')));
  const appending = files.map(async (file, n) => {
    const body = bodies[n] ?? Readable.from([]);
    const ended = appendStream(body, file, 0, {
      signal,
      room,
      freesPieces: false,
      beforeWrite: () => disk.promise,
      onWritten: async () => {},
    });
    body.on('data', (piece: Buffer) => {
      taken += piece.byteLength;
    });
    expect(await ended).toBeUndefined();
    const { size } = await file.stat();
    await file.close();
    written += size;
  });
  while (!bodies.every((body) => body.isPaused())) await setImmediate();
  const takenBytes = taken;
  disk.resolve();
  await Promise.all(appending);
  expect(written).toBe(uploads * pieces * PIECE_BYTES);
  expect(room.shareBytes).toBe(2 * MIB);
  return takenBytes;
}

test('while the disk is slow one upload is taken two megabytes ahead, and fifty a few pieces each', async () => {
  // What was worth a write is being written; the others wait.
  expect(await bytesTakenBy(1, 64)).toBe(MIB + 2 * MIB);
  expect(await bytesTakenBy(50, 16)).toBe(50 * (3 * PIECE_BYTES + 3 * PIECE_BYTES));
});

test('what comes slowly is on the disk before more comes, and the memory of what was written is free', async () => {
  const file = await open(join(folder, 'slow'), 'w+');
  const body = new PassThrough();
  const writes: number[] = [];
  const told = new EventEmitter();
  const appending = appendStream(body, file, 0, {
    signal: new AbortController().signal,
    room: new WaitingRoom(),
    freesPieces: true,
    beforeWrite: async () => {},
    onWritten: async (chunks, sizeBytes) => {
      expect(chunks.every((chunk) => chunk.byteLength > 0)).toBe(true);
      writes.push(sizeBytes);
      told.emit('written');
    },
  });
  const own = Buffer.alloc(10_000, 'a');
  const memory = Buffer.alloc(30_000, 'b');
  for (const piece of [own, memory.subarray(0, 10_000)]) {
    const written = once(told, 'written');
    body.write(piece);
    await written;
  }
  body.end();
  expect(await appending).toBeUndefined();
  expect(writes).toEqual([10_000, 20_000]);
  expect(own.buffer.byteLength).toBe(0);
  expect(memory.every((byte) => byte === 98)).toBe(true);
  expect(await file.readFile()).toEqual(Buffer.concat([Buffer.alloc(10_000, 'a'), Buffer.alloc(10_000, 'b')]));
  await file.close();
});
