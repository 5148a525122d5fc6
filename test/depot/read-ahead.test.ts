import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAhead } from '../../src/depot/read-ahead.ts';
import { giveBack } from '../../src/kernel/give-back.ts';

const KIB = 1024;
const BYTES = randomBytes(1500 * KIB);

let folder: string;
let path: string;
let file: FileHandle;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-test-'));
  path = join(folder, 'blob');
  await writeFile(path, BYTES);
  file = await open(path, 'r');
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

it('gives what the file holds, in pieces that grow up to what is allowed', async () => {
  const sizes: number[] = [];
  const pieces: Buffer[] = [];
  for await (const piece of readAhead(file, { start: 7, end: 1400 * KIB }, () => 512 * KIB)) {
    sizes.push(piece.byteLength);
    pieces.push(Buffer.from(piece));
    giveBack([piece]);
  }
  expect(Buffer.concat(pieces).equals(BYTES.subarray(7, 1400 * KIB))).toBe(true);
  expect(sizes).toEqual([256 * KIB, 512 * KIB, 512 * KIB, 120 * KIB - 7]);
});

it('has the memory of pieces that were given back used again', async () => {
  const memory = new Set<SharedArrayBuffer>();
  let pieces = 0;
  for await (const piece of readAhead(file, { start: 0, end: BYTES.byteLength }, () => 256 * KIB)) {
    pieces += 1;
    memory.add(piece.buffer);
    giveBack([piece]);
  }
  expect(pieces).toBe(6);
  expect(memory.size).toBeLessThanOrEqual(3);
});

it('says so when the file has become shorter', async () => {
  await truncate(path, 600 * KIB);
  const read = async () => {
    for await (const piece of readAhead(file, { start: 0, end: BYTES.byteLength }, () => 512 * KIB)) giveBack([piece]);
  };
  await expect(read()).rejects.toMatchObject({ code: 'depot_corrupt', message: expect.stringContaining('614400') });
});

it('has nothing to say of a piece that nobody asked for any more', async () => {
  await truncate(path, 300 * KIB);
  const pieces = readAhead(file, { start: 0, end: BYTES.byteLength }, () => 512 * KIB);
  expect((await pieces.next()).done).toBe(false);
  await pieces.return(undefined);
});
