import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EarlySync } from '../../../src/depot/registry-folder/early-sync.ts';
import { FolderFiles } from '../../../src/depot/registry-folder/folder-files.ts';
import { FolderPaths } from '../../../src/depot/registry-folder/folder-paths.ts';
import { UploadSessions } from '../../../src/depot/registry-folder/upload-sessions.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { InlineHash } from '../../../src/oci/stream-hash.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { makeBytes } from '../../support/test-image.ts';

const NAME = parseRepositoryName('team/a');
const MIB = 1024 * 1024;
const BYTES = makeBytes(20_000, 'sessions');

let temp: TempFolder;
let paths: FolderPaths;
beforeEach(async () => {
  temp = await openTempFolder('upload-sessions');
  paths = new FolderPaths(temp.path);
});
afterEach(() => temp.remove());

it('has all of an upload come again when the disk did not take what was written before', async () => {
  const files = new FolderFiles(paths.unfinished, false);
  for (const folder of [paths.unfinished, paths.uploads]) await files.makeFolder(folder);
  const claimed: number[] = [];
  const early = new EarlySync();
  let isBroken = true;
  const sessions = new UploadSessions(paths, files, {
    keepMs: 60_000,
    room: {
      claim: async (bytes) => void claimed.push(bytes),
      hold() {},
      release: (bytes) => claimed.push(-bytes),
    },
    openHash: (algorithm) => new InlineHash(algorithm),
    earlySync: {
      watch: (file, sizeBytes) => {
        const datasync = async () => {
          if (isBroken) throw new Error('EIO: i/o error, fdatasync');
        };
        // As if a mebibyte more had come: less is not worth an early sync.
        return early.watch(
          { datasync, truncate: (bytes) => file.truncate(bytes), close: () => file.close() },
          sizeBytes - MIB,
        );
      },
    },
  });
  const id = await sessions.start(NAME, 'sha256');
  const append = (bytes: Uint8Array) => sessions.append(NAME, id, { body: Readable.from([Buffer.from(bytes)]) });
  const take = async (path: string) => {
    taken = await readFile(path);
  };
  let taken: Uint8Array | undefined;

  expect(await append(BYTES)).toEqual({ kind: 'appended', sizeBytes: 20_000 });
  await expect(sessions.finish(NAME, id, digestOf(BYTES), take)).rejects.toThrow('EIO');
  expect(taken).toBeUndefined();
  expect(await sessions.find(NAME, id)).toEqual({ sizeBytes: 0 });
  expect((await stat(paths.uploadData(id))).size).toBe(0);
  expect(claimed.reduce((sum, bytes) => sum + bytes, 0)).toBe(0);

  isBroken = false;
  const shorter = BYTES.subarray(0, 9_000);
  expect(await append(shorter)).toEqual({ kind: 'appended', sizeBytes: 9_000 });
  expect(await sessions.finish(NAME, id, digestOf(shorter), take)).toMatchObject({ kind: 'verified' });
  expect(Buffer.from(shorter).equals(taken ?? Buffer.alloc(0))).toBe(true);
  await sessions.close();
});
