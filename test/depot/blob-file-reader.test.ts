import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BlobFileReader } from '../../src/depot/blob-file-reader.ts';
import type { GrowingBlob } from '../../src/depot/growing-blob.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../support/eventually.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeBytes } from '../support/test-image.ts';

const BYTES = makeBytes(10_000, 'read from a file');
const signal = new AbortController().signal;

describe('a reader of a blob on the disk', () => {
  it('opens its file once for two readings at once, and closes it', async () => {
    await using world = await openWorld();
    const { reader, opened } = world;
    const givenUp = reader.read({ offset: 1, end: 5_000 }, signal).next();
    const inItsPlace = reader.read({ offset: 1, end: 5_000 }, signal).next();
    await expect(givenUp).rejects.toMatchObject({ code: 'cancelled' });
    expect((await inItsPlace).value).toEqual(BYTES.subarray(1, 5_000));
    expect(opened).toHaveLength(1);
    reader.close();
    await eventually(() => expect(opened.map(({ fd }) => fd)).toEqual([-1]));
  });

  it('gives the right bytes to the reading that took the place of one that was not done', async () => {
    await using world = await openWorld();
    const { reader } = world;
    const givenUp = reader.read({ offset: 4_000, end: BYTES.byteLength }, signal).next();
    givenUp.catch(() => {});
    const pieces: Uint8Array[] = [];
    for await (const piece of reader.read({ offset: 3_000, end: BYTES.byteLength }, signal)) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(BYTES.subarray(3_000));
    await expect(givenUp).rejects.toMatchObject({ code: 'cancelled' });
    reader.close();
  });

  it('closes a file that is open only after it was closed itself, and opens none after that', async () => {
    await using world = await openWorld();
    const { reader, opened } = world;
    const reading = reader.read({ offset: 0, end: BYTES.byteLength }, signal).next();
    reading.catch(() => {});
    reader.close();
    await eventually(() => expect(opened.map(({ fd }) => fd)).toEqual([-1]));
    await expect(reader.read({ offset: 0, end: 1 }, signal).next()).rejects.toMatchObject({ code: 'cancelled' });
    expect(opened).toHaveLength(1);
  });

  it('opens its file again when that failed', async () => {
    await using world = await openWorld();
    const { reader, failNext } = world;
    failNext();
    await expect(reader.read({ offset: 0, end: 1 }, signal).next()).rejects.toThrow('no descriptor');
    expect((await reader.read({ offset: 0, end: 1 }, signal).next()).value).toEqual(BYTES.subarray(0, 1));
    reader.close();
  });
});

async function openWorld() {
  const folder = await openTempFolder('reader');
  const path = join(folder.path, 'blob');
  await writeFile(path, BYTES);
  const opened: FileHandle[] = [];
  let fails = false;
  const blob: GrowingBlob = {
    digest: digestOf(BYTES),
    sizeBytes: BYTES.byteLength,
    arrivedBytes: BYTES.byteLength,
    writtenBytes: BYTES.byteLength,
    recentBytes: () => undefined,
    waitBeyond: async () => {},
    waitVerified: async () => {},
    openFile: async () => {
      if (fails) {
        fails = false;
        throw new Error('no descriptor');
      }
      const file = await open(path, 'r');
      opened.push(file);
      return file;
    },
  };
  return {
    reader: new BlobFileReader(blob),
    opened,
    failNext: () => {
      fails = true;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
