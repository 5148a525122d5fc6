import { randomBytes } from 'node:crypto';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDepot } from '../../../src/depot/depot.ts';
import type { Depot } from '../../../src/depot/depot-port.ts';
import { GrowingUploads } from '../../../src/depot/door/growing-uploads.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { InlineHash } from '../../../src/oci/stream-hash.ts';
import type { GrowingUpload } from '../../../src/sync/copy/growing-upload.ts';
import { openTempFolder } from '../../support/temp-folder.ts';

const repository = parseRepositoryName('team/app');
const { signal } = new AbortController();
let folder: Awaited<ReturnType<typeof openTempFolder>>;
let depot: Depot;
let uploads: GrowingUploads;
let seen: Map<string, GrowingUpload>;

beforeEach(async () => {
  folder = await openTempFolder('growing');
  depot = await openDepot({
    folder: join(folder.path, 'depot'),
    limitBytes: 2 ** 30,
    neededBlobs: async () => new Set(),
    durable: false,
  });
  seen = new Map();
  uploads = new GrowingUploads({ depot, openHash: (algorithm) => new InlineHash(algorithm) }, () => ({
    grown: (upload) => seen.set(upload.id, upload),
    verified() {},
    ended() {},
  }));
});

afterEach(async () => {
  await depot.close();
  await folder.remove();
});

/** A session as the door has it: its file grows, then the listener hears of it. */
function openSession(id: string) {
  const path = join(folder.path, id);
  let sizeBytes = 0;
  return {
    path,
    async grow(bytes: Uint8Array): Promise<GrowingUpload> {
      await (sizeBytes === 0 ? writeFile(path, bytes) : appendFile(path, bytes));
      sizeBytes += bytes.byteLength;
      uploads.grown({ id, repository, algorithm: 'sha256', path, sizeBytes });
      const upload = seen.get(id);
      if (upload === undefined) throw new Error('nobody was told');
      return upload;
    },
    verify: (bytes: Uint8Array) => uploads.verified(id, { digest: digestOf(bytes), size: bytes.byteLength }),
  };
}

const readAll = async (pieces: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(pieces));

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

it('is read as it grows, and to its end when its file has moved away', async () => {
  const bytes = randomBytes(300_000);
  const session = openSession('one');
  const upload = await session.grow(bytes.subarray(0, 100_000));
  const reader = await upload.openReader();
  expect(await readAll(reader.read({ offset: 0, end: 90_000 }, signal))).toEqual(bytes.subarray(0, 90_000));
  const more = readAll(reader.read({ offset: 90_000, end: 200_000 }, signal));
  await session.grow(bytes.subarray(100_000));
  expect(await more).toEqual(bytes.subarray(90_000, 200_000));
  session.verify(bytes);
  await rename(session.path, `${session.path}.moved`);
  expect(await readAll(reader.read({ offset: 200_000, end: 300_000 }, signal))).toEqual(bytes.subarray(200_000));
  // The closing request may have to be made again.
  expect(await readAll(reader.read({ offset: 250_000, end: 300_000 }, signal))).toEqual(bytes.subarray(250_000));
  reader.close();
});

it('does not give its last bytes when the disk gives back others than came', async () => {
  const bytes = randomBytes(100_000);
  const session = openSession('one');
  const upload = await session.grow(Buffer.concat([randomBytes(1), bytes.subarray(1)]));
  const reader = await upload.openReader();
  session.verify(bytes);
  const given: Uint8Array[] = [];
  const reading = (async () => {
    for await (const piece of reader.read({ offset: 0, end: 50_000 }, signal)) given.push(piece);
    for await (const piece of reader.read({ offset: 50_000, end: 100_000 }, signal)) given.push(piece);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'depot_corrupt' });
  expect(Buffer.concat(given)).toHaveLength(50_000);
  reader.close();
});

it('waiting for bytes ends with the wait that was given up', async () => {
  const upload = await openSession('one').grow(randomBytes(10));
  const stop = new AbortController();
  const waiting = upload.waitBeyond(10, stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await upload.waitBeyond(9, signal);
});

it('goes on with another upload of the same bytes, and not with one that only begins so', async () => {
  const bytes = randomBytes(200_000);
  const first = await openSession('first').grow(bytes.subarray(0, 150_000));
  const reader = await first.openReader();
  await readAll(reader.read({ offset: 0, end: 100_000 }, signal));
  const other = await openSession('other').grow(Buffer.concat([bytes.subarray(0, 99_999), randomBytes(100_001)]));
  expect(await reader.goOnWith(other)).toBe(false);
  const shorter = await openSession('shorter').grow(bytes.subarray(0, 99_999));
  expect(await reader.goOnWith(shorter)).toBe(false);
  const session = openSession('second');
  const second = await session.grow(bytes);
  expect(await reader.goOnWith(second)).toBe(true);
  session.verify(bytes);
  expect(await readAll(reader.read({ offset: 100_000, end: 200_000 }, signal))).toEqual(bytes.subarray(100_000));
  reader.close();
});

it('finds blobs of the depot that begin alike, and says when it turns out to be none of them', async () => {
  const bytes = randomBytes(200_000);
  await depot.landStream(piecesOf(bytes), signal);
  await depot.landStream(piecesOf(randomBytes(200_000)), signal);
  const same = openSession('same');
  const upload = await same.grow(bytes.subarray(0, 100_000));
  expect(await upload.findAlike()).toEqual([digestOf(bytes)]);
  const differs = upload.differsFrom(digestOf(bytes), signal);
  await same.grow(bytes.subarray(100_000));
  same.verify(bytes);
  expect(await differs).toBe(false);
  const rebuilt = openSession('rebuilt');
  const other = await rebuilt.grow(bytes.subarray(0, 100_000));
  expect(await other.findAlike()).toEqual([digestOf(bytes)]);
  const differsLater = other.differsFrom(digestOf(bytes), signal);
  await rebuilt.grow(randomBytes(10));
  expect(await differsLater).toBe(true);
  const longer = await openSession('longer').grow(Buffer.concat([bytes, bytes]));
  expect(await longer.differsFrom(digestOf(bytes), signal)).toBe(true);
  expect(await longer.differsFrom(digestOf(randomBytes(3)), signal)).toBe(true);
  const small = await openSession('small').grow(bytes.subarray(0, 1_000));
  expect(await small.findAlike()).toEqual([]);
});
