import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BLOCK_BYTES, BlockCoder } from '../../src/oci/block-codes.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ENTRY_BYTES, KnownCodes } from '../../src/pull/known-codes.ts';
import { BlockCodeFile } from '../../src/store/block-code-file.ts';
import { openTempFolder } from '../support/temp-folder.ts';

let folder: string;
let troubles: string[];
beforeEach(async () => {
  const temporary = await openTempFolder('codes');
  onTestFinished(() => temporary[Symbol.asyncDispose]());
  folder = temporary.path;
  troubles = [];
});

function openFile(maxBytes?: number): BlockCodeFile {
  const file = new BlockCodeFile({
    folder,
    onTrouble: (message) => troubles.push(message),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  onTestFinished(() => file.close());
  return file;
}

/** What codes of one block take. */
const ONE_BLOCK = 16 + ENTRY_BYTES;

const path = () => join(folder, 'block-codes.db');

/** A blob of so many blocks: its digest and codes. */
function codesOf(blocks: number) {
  const coder = new BlockCoder();
  const blob = randomBytes(blocks * BLOCK_BYTES);
  coder.update(blob);
  return { digest: digestOf(blob), codes: coder.finish() };
}

describe('codes of blocks in a file', () => {
  it('are there again after a restart, each under its digest', () => {
    const [one, two] = [codesOf(3), codesOf(1)];
    const before = openFile();
    for (const { digest, codes } of [one, two]) before.keep(digest, codes);
    before.close();
    const after = openFile();
    for (const { digest, codes } of [one, two]) {
      expect(after.find(digest)?.codes).toEqual(Buffer.from(codes.codes));
      expect(after.find(digest)?.key).toEqual(Buffer.from(codes.key));
    }
    expect(after.find(codesOf(1).digest)).toBeUndefined();
    expect(troubles).toEqual([]);
  });

  it('are there also when the process was killed', async () => {
    const { digest, codes } = codesOf(1);
    openFile().keep(digest, codes);
    // What a process that is gone has left: the file and its log.
    const [database, log] = [await readFile(path()), await readFile(`${path()}-wal`)];
    await mkdir(join(folder, 'later'));
    folder = join(folder, 'later');
    await writeFile(path(), database);
    await writeFile(`${path()}-wal`, log);
    expect(openFile().find(digest)?.codes).toEqual(Buffer.from(codes.codes));
  });

  it('are forgotten, and replaced by what was made anew', () => {
    const { digest, codes } = codesOf(2);
    const other = { key: randomBytes(16), codes: randomBytes(32) };
    const file = openFile();
    file.keep(digest, codes);
    file.keep(digest, other);
    expect(file.find(digest)).toEqual(other);
    file.forget(digest);
    expect(file.find(digest)).toBeUndefined();
  });

  it('take a bounded room: those that were not used for longest go first, also over a restart', () => {
    const [first, second, third] = [codesOf(1), codesOf(1), codesOf(1)];
    const before = openFile(3 * ONE_BLOCK);
    for (const { digest, codes } of [first, second, third]) before.keep(digest, codes);
    before.find(first.digest);
    before.close();
    const file = openFile(3 * ONE_BLOCK);
    const fourth = codesOf(1);
    file.keep(fourth.digest, fourth.codes);
    const kept = () => [first, second, third, fourth].map(({ digest }) => file.find(digest) !== undefined);
    expect(kept()).toEqual([true, false, true, true]);
    // One that takes more than all of it puts out nobody.
    const large = {
      digest: digestOf(Buffer.from('large')),
      codes: { key: randomBytes(16), codes: randomBytes(3 * ONE_BLOCK) },
    };
    file.keep(large.digest, large.codes);
    expect([...kept(), file.find(large.digest)]).toEqual([true, false, true, true, undefined]);
  });

  it('of which a bit is wrong are none, rather than making a right block wrong', () => {
    const { digest, codes } = codesOf(2);
    const file = openFile();
    file.keep(digest, codes);
    file.close();
    const connection = new Database(path());
    const row = connection.prepare('select codes from codes').pluck().get() as Buffer;
    row.writeUInt8(row.readUInt8(20) ^ 1, 20);
    connection.prepare('update codes set codes = ?').run(row);
    connection.close();
    const again = openFile();
    expect(again.find(digest)).toBeUndefined();
    again.keep(digest, codes);
    expect(again.find(digest)).toBeDefined();
    expect(troubles).toEqual([]);
  });

  it.each([
    ['damaged', () => writeFile(path(), randomBytes(8_192))],
    [
      'of a later version',
      async () => {
        const connection = new Database(path());
        connection.exec('create table codes (other text)');
        connection.pragma('user_version = 99');
        connection.close();
      },
    ],
  ])('whose file is %s are made anew', async (_, spoil) => {
    await spoil();
    const { digest, codes } = codesOf(1);
    const file = openFile();
    file.keep(digest, codes);
    expect(file.find(digest)).toBeDefined();
    file.close();
    expect(openFile().find(digest)).toBeDefined();
    expect(troubles).toEqual([]);
  });

  it('are not kept where they cannot be, which is said once', async () => {
    await mkdir(path());
    const file = openFile();
    const { digest, codes } = codesOf(1);
    file.keep(digest, codes);
    expect(file.find(digest)).toBeUndefined();
    expect(troubles).toEqual([expect.stringContaining('block-codes.db is not used until the next start')]);
  });

  it('are for nobody else to read', () => {
    openFile();
    expect(statSync(path()).mode & 0o077).toBe(0);
  });
});

describe('codes that are known', () => {
  it('are found in memory, then in the file, and in neither once they are forgotten', async () => {
    const { digest, codes } = codesOf(1);
    const before = new KnownCodes({ shelf: openFile() });
    before.keep(digest, codes);
    before.close();
    const known = new KnownCodes({ shelf: openFile() });
    expect(known.find(digest)).toBeDefined();
    known.close();
    expect(known.find(digest)).toBeDefined();
    await rm(folder, { recursive: true });
    await mkdir(folder);
    const again = new KnownCodes({ shelf: openFile() });
    expect(existsSync(path())).toBe(true);
    again.keep(digest, codes);
    again.forget(digest);
    expect(again.find(digest)).toBeUndefined();
  });

  it('make room in memory and stay in the file', () => {
    const blobs = [1, 1, 1, 1].map(codesOf);
    const known = new KnownCodes({ maxBytes: 2 * ONE_BLOCK, shelf: openFile() });
    for (const { digest, codes } of blobs) known.keep(digest, codes);
    for (const { digest, codes } of blobs) expect(known.find(digest)?.codes).toEqual(Buffer.from(codes.codes));
    known.close();
    // Two were found last, and are all that memory holds.
    expect(blobs.map(({ digest }) => known.find(digest) !== undefined)).toEqual([false, false, true, true]);
  });
});
