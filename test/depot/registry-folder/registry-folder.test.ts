import { readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RegistryStorage } from '../../../src/api/v2/registry-storage.ts';
import { openRegistryFolder } from '../../../src/depot/registry-folder/registry-folder.ts';
import { isFailure } from '../../../src/kernel/failure.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { parseTag } from '../../../src/oci/tag.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { makeBytes, makeImage } from '../../support/test-image.ts';

const A = parseRepositoryName('team/a');
const B = parseRepositoryName('team/a/nested');
const BYTES = makeBytes(10_000, 'folder');
const DIGEST = digestOf(BYTES);
const DAY_MS = 86_400_000;

let temp: TempFolder;
beforeEach(async () => {
  temp = await openTempFolder('registry-folder');
});
afterEach(() => temp.remove());

// The annotation is a test: the folder fits what the door needs, though neither knows the other.
const open = async (): Promise<RegistryStorage & { close(): Promise<void> }> =>
  openRegistryFolder({ folder: temp.path });

/** Pieces of their own: whoever appends them uses them up. */
const bodyOf = (...pieces: Uint8Array[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));

async function store(storage: RegistryStorage, repository = A, bytes = BYTES): Promise<void> {
  const id = await storage.startUpload(repository, 'sha256');
  await storage.appendUpload(repository, id, { body: bodyOf(bytes.subarray(0, 7), bytes.subarray(7)) });
  expect(await storage.finishUpload(repository, id, digestOf(bytes))).toEqual({
    kind: 'stored',
    sizeBytes: bytes.byteLength,
  });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(temp.path, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

it('keeps a content once, until the last repository lets go of it', async () => {
  const storage = await open();
  await store(storage, A);
  await store(storage, B);
  expect(await filesBelow('blobs')).toHaveLength(1);
  expect(await filesBelow('uploads')).toEqual([]);
  expect(await storage.deleteBlob(A, DIGEST)).toBe(true);
  expect(await storage.findBlob(A, DIGEST)).toBeUndefined();
  const body = await storage.openBlob(B, DIGEST, { offset: 5, end: 9 });
  expect(Buffer.concat(await Array.fromAsync(body ?? []))).toEqual(BYTES.subarray(5, 9));
  expect(await storage.deleteBlob(B, DIGEST)).toBe(true);
  expect(await filesBelow('blobs')).toEqual([]);
});

it('holds everything when it is opened again', async () => {
  const image = makeImage();
  const before = await open();
  await store(before);
  await before.putManifest(A, image.root, [parseTag('v1')]);
  await before.close();
  const after = await open();
  expect(await after.findBlob(A, DIGEST)).toEqual({ sizeBytes: 10_000 });
  expect(await after.findManifest(A, parseTag('v1'))).toEqual({
    digest: image.digest,
    mediaType: image.mediaType,
    bytes: Buffer.from(image.bytes),
  });
  expect([
    await after.hasRepository(A),
    await after.hasRepository(B),
    await after.hasRepository(parseRepositoryName('team')),
  ]).toEqual([true, false, false]);
});

it('goes on with an upload that another process began, and refuses bytes that changed meanwhile', async () => {
  const before = await open();
  const [good, bad] = [await before.startUpload(A, 'sha256'), await before.startUpload(A, 'sha256')];
  for (const id of [good, bad]) await before.appendUpload(A, id, { body: bodyOf(BYTES.subarray(0, 4_000)) });
  await before.close();
  await writeFile(join(temp.path, 'uploads', `${bad}.data`), makeBytes(4_000, 'other bytes'));
  const after = await open();
  for (const id of [good, bad]) {
    const outcome = await after.appendUpload(A, id, { body: bodyOf(BYTES.subarray(4_000)), offset: 4_000 });
    expect(outcome).toEqual({ kind: 'appended', sizeBytes: 10_000 });
  }
  expect(await after.finishUpload(A, good, DIGEST)).toMatchObject({ kind: 'stored' });
  expect(await after.finishUpload(A, bad, DIGEST)).toMatchObject({ kind: 'mismatch' });
});

it('sweeps away uploads that nobody goes on with, and what a crash left half written', async () => {
  const before = await open();
  const [old, fresh] = [await before.startUpload(A, 'sha256'), await before.startUpload(A, 'sha256')];
  await before.close();
  const longAgo = new Date(Date.now() - 8 * 86_400_000);
  for (const end of ['data', 'json']) await utimes(join(temp.path, 'uploads', `${old}.${end}`), longAgo, longAgo);
  await writeFile(join(temp.path, 'unfinished', 'left'), 'half');
  const after = await open();
  expect(await after.findUpload(A, old)).toBeUndefined();
  expect(await after.findUpload(A, fresh)).toEqual({ sizeBytes: 0 });
  expect(await filesBelow('unfinished')).toEqual([]);
});

it('leaves it to others where it is told so which uploads are old, and makes none old that a wrong clock touched', async () => {
  const storage = await openRegistryFolder({ folder: temp.path, keepUploadsMs: null });
  const ids = await Promise.all([1, 2, 3].map(() => storage.startUpload(A, 'sha256')));
  const touch = async (id: string | undefined, daysAhead: number) => {
    const at = new Date(Date.now() + daysAhead * DAY_MS);
    for (const end of ['data', 'json']) await utimes(join(temp.path, 'uploads', `${id}.${end}`), at, at);
  };
  const [old, fresh, ahead] = ids;
  await touch(old, -8);
  await touch(ahead, 700);
  const remaining = async () => {
    const again = await openRegistryFolder({ folder: temp.path, keepUploadsMs: null });
    const found = await Promise.all(ids.map((id) => again.findUpload(A, id)));
    return ids.filter((_, at) => found[at] !== undefined);
  };
  expect(await remaining()).toEqual(ids);
  expect(await storage.forgetOldUploads(7 * DAY_MS, Date.now())).toBe(1);
  expect(await remaining()).toEqual([fresh, ahead]);
  // Seven days after it was first seen with a right clock, not after a time that has not come.
  expect(await storage.forgetOldUploads(7 * DAY_MS, Date.now() + 6 * DAY_MS)).toBe(0);
  expect(await storage.forgetOldUploads(7 * DAY_MS, Date.now() + 8 * DAY_MS)).toBe(2);
  expect(await remaining()).toEqual([]);
});

it('gives back the room of an upload that is forgotten because it is old', async () => {
  let claimedBytes = 0;
  const hold = (bytes: number): void => {
    claimedBytes += bytes;
  };
  const room = { claim: async (bytes: number) => hold(bytes), hold, release: (bytes: number) => hold(-bytes) };
  const storage = await openRegistryFolder({ folder: temp.path, keepUploadsMs: null, room });
  const id = await storage.startUpload(A, 'sha256');
  await storage.appendUpload(A, id, { body: bodyOf(BYTES) });
  expect(claimedBytes).toBe(BYTES.byteLength);
  expect(await storage.forgetOldUploads(DAY_MS, Date.now() + DAY_MS + 60_000)).toBe(1);
  expect(claimedBytes).toBe(0);
  expect(await storage.finishUpload(A, id, DIGEST)).toEqual({ kind: 'unknown' });
});

it('says that the disk is full, and keeps the session at what it holds', async () => {
  const storage = await open();
  const id = await storage.startUpload(A, 'sha256');
  const path = join(temp.path, 'uploads', `${id}.data`);
  await rm(path);
  // A device on which every write finds no space.
  await symlink('/dev/full', path);
  const append = storage.appendUpload(A, id, { body: bodyOf(BYTES) });
  expect(isFailure(await append.catch((error: unknown) => error), 'disk_full')).toBe(true);
  expect(await storage.findUpload(A, id)).toEqual({ sizeBytes: 0 });
  await rm(path);
  await writeFile(path, '');
  await storage.appendUpload(A, id, { body: bodyOf(BYTES), offset: 0 });
  expect(await storage.finishUpload(A, id, DIGEST)).toMatchObject({ kind: 'stored' });
});

it('leaves the bytes of a body that came over no connection to whoever made it', async () => {
  const storage = await open();
  const bytes = Buffer.from(new Uint8Array(BYTES).buffer);
  for (const name of [A, B]) {
    const id = await storage.startUpload(name, 'sha256');
    await storage.appendUpload(name, id, { body: Readable.from([bytes]) });
    expect(await storage.finishUpload(name, id, DIGEST)).toMatchObject({ kind: 'stored' });
  }
});

it('keeps what arrived when a body breaks off', async () => {
  const storage = await open();
  const id = await storage.startUpload(A, 'sha256');
  const body = new Readable({ read() {} });
  const append = storage.appendUpload(A, id, { body }).catch((error: unknown) => error);
  body.push(Buffer.from(BYTES.subarray(0, 6_000)));
  setImmediate(() => setImmediate(() => body.destroy()));
  expect(isFailure(await append, 'connection_lost')).toBe(true);
  const { sizeBytes } = (await storage.findUpload(A, id)) ?? { sizeBytes: -1 };
  await storage.appendUpload(A, id, { body: bodyOf(BYTES.subarray(sizeBytes)), offset: sizeBytes });
  expect(await storage.finishUpload(A, id, DIGEST)).toMatchObject({ kind: 'stored' });
});

it('takes many changes of one repository at once', async () => {
  const storage = await open();
  const images = Array.from({ length: 20 }, (_, seed) => makeImage({ seed }));
  await Promise.all(
    images.map((image, place) => storage.putManifest(A, image.root, [parseTag('same'), parseTag(`t${place}`)])),
  );
  expect(await storage.listTags(A)).toHaveLength(21);
  await Promise.all(images.map((image) => storage.deleteManifest(A, image.digest)));
  expect(await storage.listTags(A)).toEqual([]);
  expect(await storage.findManifest(A, parseTag('same'))).toBeUndefined();
});

it('closes an upload again that an earlier process closed and could not say so any more', async () => {
  const before = await open();
  const id = await before.startUpload(A, 'sha256');
  await before.appendUpload(A, id, { body: bodyOf(BYTES) });
  await before.finishUpload(A, id, DIGEST);
  await before.close();
  const after = await open();
  expect(await after.finishUpload(A, id, DIGEST)).toEqual({ kind: 'stored', sizeBytes: 10_000 });
  expect(await after.finishUpload(B, id, DIGEST)).toEqual({ kind: 'unknown' });
  expect(await after.finishUpload(A, id, digestOf(Buffer.from('other')))).toEqual({ kind: 'unknown' });
  // One that this process gave out and that is over is no earlier one's.
  const own = await after.startUpload(A, 'sha256');
  await after.cancelUpload(A, own);
  expect(await after.finishUpload(A, own, DIGEST)).toEqual({ kind: 'unknown' });
});
