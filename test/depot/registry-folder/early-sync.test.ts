import { expect, it } from 'vitest';
import { EarlySync, type WrittenFile } from '../../../src/depot/registry-folder/early-sync.ts';

const MIB = 1024 * 1024;

/** A disk that syncs when it is told to. */
class SlowFile implements WrittenFile {
  readonly did: string[] = [];
  #syncing = Promise.withResolvers<void>();

  datasync(): Promise<void> {
    this.did.push('sync');
    return this.#syncing.promise;
  }

  async truncate(bytes?: number): Promise<void> {
    this.did.push(`truncate ${bytes}`);
  }

  async close(): Promise<void> {
    this.did.push('close');
  }

  /** What is being synced is, or is not. */
  async synced(error?: Error): Promise<void> {
    const { resolve, reject } = this.#syncing;
    this.#syncing = Promise.withResolvers();
    if (error === undefined) resolve();
    else reject(error);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
}

it('syncs what is worth it while more comes, and the rest at the end', async () => {
  const file = new SlowFile();
  const early = new EarlySync().watch(file, 100 * MIB);
  early.wrote(115 * MIB);
  expect(file.did).toEqual([]);
  early.wrote(116 * MIB);
  expect(file.did).toEqual(['sync']);
  early.wrote(140 * MIB);
  expect(file.did).toEqual(['sync']);
  await file.synced();
  early.wrote(141 * MIB);
  expect(file.did).toEqual(['sync', 'sync']);
  early.wrote(143 * MIB);
  const closing = early.close();
  await file.synced();
  expect(file.did).toEqual(['sync', 'sync', 'sync']);
  await file.synced();
  await closing;
  expect(file.did).toEqual(['sync', 'sync', 'sync', 'close']);
});

it('leaves the little that is written last to whoever takes the file', async () => {
  const file = new SlowFile();
  const early = new EarlySync().watch(file, 0);
  early.wrote(MIB - 1);
  await early.close();
  expect(file.did).toEqual(['close']);
});

it('syncs one file at a time', async () => {
  const [one, other] = [new SlowFile(), new SlowFile()];
  const earlySync = new EarlySync();
  const [early, later] = [earlySync.watch(one, 0), earlySync.watch(other, 0)];
  early.wrote(16 * MIB);
  later.wrote(17 * MIB);
  await Promise.all([later.close(), one.synced()]);
  expect(other.did).toEqual(['close']);
  await early.close();
  const next = earlySync.watch(other, 0);
  next.wrote(16 * MIB);
  expect(other.did).toEqual(['close', 'sync']);
});

it('empties a file that the disk did not take, and says so', async () => {
  const file = new SlowFile();
  const early = new EarlySync().watch(file, 0);
  early.wrote(16 * MIB);
  await file.synced(new Error('EIO'));
  early.wrote(20 * MIB);
  const closing = expect(early.close()).rejects.toThrow('EIO');
  // What is synced after a failure says nothing of it.
  await file.synced();
  await closing;
  expect(file.did).toEqual(['sync', 'sync', 'truncate 0', 'close']);
});
