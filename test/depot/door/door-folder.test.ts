import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openRegistryServer } from '../../../src/api/v2/registry-server.ts';
import type { RegistryStorage } from '../../../src/api/v2/registry-storage.ts';
import { openDepot } from '../../../src/depot/depot.ts';
import { openDoorFolder } from '../../../src/depot/door/door-folder.ts';
import { DoorHolds } from '../../../src/depot/door/door-holds.ts';
import { FolderPaths } from '../../../src/depot/registry-folder/folder-paths.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { InlineHash } from '../../../src/oci/stream-hash.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const name = parseRepositoryName('team/app');

let folder: TempFolder;
beforeEach(async () => {
  folder = await openTempFolder('door-folder');
  // The wall clock alone, so that it can be set.
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

async function openServer(storage: RegistryStorage) {
  const server = await openRegistryServer({ storage });
  return { url: server.url, [Symbol.asyncDispose]: () => server.close() };
}

/** A run of the service, whose steady clock begins with it. */
async function openRun() {
  let elapsedMs = 1_000;
  const holds = new DoorHolds(() => elapsedMs);
  const depot = await openDepot({
    folder: join(folder.path, 'depot'),
    limitBytes: 1e9,
    neededBlobs: async () => new Set(),
    durable: false,
  });
  const door = await openDoorFolder({
    ...{ folder: join(folder.path, 'door'), depot, holds, durable: false, onArrived: () => {} },
    openHash: (algorithm) => new InlineHash(algorithm),
    elapsedMs: () => elapsedMs,
  });
  return {
    held: () => holds.digests(),
    run: (ms: number) => {
      elapsedMs += ms;
    },
    async take(text: string) {
      const digest = digestOf(Buffer.from(text));
      const id = await door.startUpload(name, 'sha256');
      await door.appendUpload(name, id, { body: Readable.from([Buffer.from(text)]) });
      expect((await door.finishUpload(name, id, digest)).kind).toBe('stored');
      return digest;
    },
    pushed: (digest: Digest) => door.pushed(name, [digest]),
    door,
    kill: () => depot.close(),
    async stop() {
      await door.close();
      await depot.close();
    },
  };
}

/** However the clock is set, and however long nobody runs, a blob waits for its manifest for six hours of running. */
it.each([
  ['goes on evenly', 0],
  ['is a year ahead', YEAR_MS],
  ['is a year behind', -YEAR_MS],
])('a blob is held in the next run by what is left of its hours, where the wall clock %s', async (_what, jumpMs) => {
  const first = await openRun();
  const old = await first.take('old');
  first.run(4 * HOUR_MS);
  const young = await first.take('young');
  first.run(HOUR_MS);
  await first.stop();

  vi.setSystemTime(Date.now() + jumpMs);
  const second = await openRun();
  expect([...second.held()].sort()).toEqual([old, young].sort());
  second.run(2 * HOUR_MS);
  expect(second.held()).toEqual([young]);
  vi.setSystemTime(Date.now() - 2 * jumpMs);
  await second.stop();

  const third = await openRun();
  expect(third.held()).toEqual([young]);
  third.run(4 * HOUR_MS);
  expect(third.held()).toEqual([]);
  await third.stop();
});

it('a blob that a push has is held in the next run for minutes, not for hours', async () => {
  const first = await openRun();
  const [layer, waiting] = [await first.take('layer'), await first.take('waiting')];
  await first.pushed(layer);
  await first.stop();
  const second = await openRun();
  expect([...second.held()].sort()).toEqual([layer, waiting].sort());
  second.run(HOUR_MS / 4);
  expect(second.held()).toEqual([waiting]);
  await second.stop();
});

it('a blob is held for who asks whether to send it, and for whom a manifest names it, and not for who pulls it', async () => {
  const run = await openRun();
  await using server = await openServer(run.door);
  const layer = await run.take('layer');
  const path = `${server.url}/v2/${name}/blobs/${layer}`;
  run.run(7 * HOUR_MS);
  expect(await (await fetch(path)).text()).toBe('layer');
  expect((await fetch(path, { headers: { range: 'bytes=0-1' } })).status).toBe(206);
  expect(run.held()).toEqual([]);
  expect((await fetch(path, { method: 'HEAD' })).status).toBe(200);
  expect(run.held()).toEqual([layer]);
  run.run(7 * HOUR_MS);
  const manifest = { schemaVersion: 2, config: { mediaType: OCI_CONFIG, digest: layer, size: 5 }, layers: [] };
  const put = await fetch(`${server.url}/v2/${name}/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': OCI_MANIFEST },
    body: JSON.stringify(manifest),
  });
  expect(put.status).toBe(201);
  expect(run.held()).toEqual([layer]);
  await run.stop();
});

it('a run that is killed again and again holds nothing for ever', async () => {
  const first = await openRun();
  const old = await first.take('old');
  await first.kill();
  const second = await openRun();
  expect(second.held()).toEqual([old]);
  second.run(7 * HOUR_MS);
  const young = await second.take('young');
  await second.kill();
  // What was noted last says how long services have run at least.
  const third = await openRun();
  expect(third.held()).toEqual([young]);
  await third.stop();
});

it('what a version before noted by the wall clock is held by that', async () => {
  const first = await openRun();
  const [old, young] = [await first.take('old'), await first.take('young')];
  await first.stop();
  const paths = new FolderPaths(join(folder.path, 'door'));
  for (const [digest, hoursAgo] of [
    [old, 7],
    [young, 5],
  ] as const) {
    const at = new Date(Date.now() - hoursAgo * HOUR_MS);
    await utimes(paths.blob(name, digest), at, at);
  }
  const second = await openRun();
  expect(second.held()).toEqual([young]);
  second.run(2 * HOUR_MS);
  expect(second.held()).toEqual([]);
  await second.stop();
});
