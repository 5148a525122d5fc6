import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HashThread } from '../../../src/depot/hash-thread.ts';
import { UploadHash } from '../../../src/depot/registry-folder/upload-hash.ts';
import { type DigestAlgorithm, digestOf } from '../../../src/oci/digest.ts';
import { InlineHash } from '../../../src/oci/stream-hash.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { makeBytes } from '../../support/test-image.ts';

const BYTES = makeBytes(9_000, 'upload');

let temp: TempFolder;
let path: string;
/** How many bytes were given to hashes. */
let hashedBytes: number;
beforeEach(async () => {
  temp = await openTempFolder('upload-hash');
  path = join(temp.path, 'data');
  hashedBytes = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await temp.remove();
});

const openHash = (algorithm: DigestAlgorithm) => {
  const hash = new InlineHash(algorithm);
  return {
    update: (piece: Uint8Array) => {
      hashedBytes += piece.byteLength;
      return hash.update(piece);
    },
    finish: () => hash.finish(),
    drop: () => hash.drop(),
  };
};

/** Some bytes are in the file and hashed. */
async function begun(sizeBytes: number): Promise<UploadHash> {
  const hash = new UploadHash(path, openHash);
  await hash.catchUp('sha256', 0);
  await writeFile(path, BYTES.subarray(0, sizeBytes));
  await hash.update([BYTES.subarray(0, 1_000), BYTES.subarray(1_000, sizeBytes)]);
  return hash;
}

it('hashes what is written once', async () => {
  const hash = await begun(9_000);
  expect(await hash.finish('sha256', 9_000)).toBe(digestOf(BYTES));
  expect(hashedBytes).toBe(9_000);
});

it('reads from the file only what it has not seen', async () => {
  const hash = await begun(4_000);
  await appendFile(path, BYTES.subarray(4_000));
  expect(await hash.finish('sha256', 9_000)).toBe(digestOf(BYTES));
  expect(hashedBytes).toBe(9_000);
});

it.each([
  ['another algorithm is wanted', 'sha512', 9_000],
  ['the file was cut behind it', 'sha256', 5_000],
] as const)('begins again where %s', async (_, algorithm, sizeBytes) => {
  const hash = await begun(9_000);
  expect(await hash.finish(algorithm, sizeBytes)).toBe(digestOf(BYTES.subarray(0, sizeBytes), algorithm));
  expect(hashedBytes).toBe(9_000 + sizeBytes);
});

it('is not kept for a session that stands still, and is there for one that goes on', async () => {
  vi.useFakeTimers();
  const hash = await begun(9_000);
  hash.rest();
  vi.advanceTimersByTime(59_000);
  await hash.catchUp('sha256', 9_000);
  vi.advanceTimersByTime(120_000);
  await hash.catchUp('sha256', 9_000);
  expect(hashedBytes).toBe(9_000);
  hash.rest();
  vi.advanceTimersByTime(61_000);
  vi.useRealTimers();
  expect(await hash.finish('sha256', 9_000)).toBe(digestOf(BYTES));
  expect(hashedBytes).toBe(18_000);
});

it('has a thread that can read the file do so', async () => {
  const thread = new HashThread();
  const ranges: { start: number; end: number }[] = [];
  const hash = new UploadHash(path, (algorithm) => {
    const stream = thread.open(algorithm);
    return {
      update: () => expect.fail('the thread reads for itself'),
      updateFrom(file, range) {
        ranges.push({ start: range.start, end: range.end });
        return stream.updateFrom?.(file, range);
      },
      finish: () => stream.finish(),
      drop: () => stream.drop(),
    };
  });
  await writeFile(path, BYTES.subarray(0, 4_000));
  await hash.catchUp('sha256', 1_000);
  await hash.update([BYTES.subarray(1_000, 1_500), BYTES.subarray(1_500, 4_000)]);
  await appendFile(path, BYTES.subarray(4_000));
  expect(await hash.finish('sha256', 9_000)).toBe(digestOf(BYTES));
  expect(ranges).toEqual([
    { start: 0, end: 1_000 },
    { start: 1_000, end: 4_000 },
    { start: 4_000, end: 9_000 },
  ]);
  await expect(hash.finish('sha256', 9_001)).rejects.toThrow('ends at byte 9000');
  expect(await hash.finish('sha256', 9_000)).toBe(digestOf(BYTES));
  await thread.close();
});
