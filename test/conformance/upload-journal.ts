import { describe, expect, test } from 'vitest';
import type { UploadJournal, UploadJournalEntry } from '../../src/sync/push/push-store.ts';
import { sampleDigest } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

const digest = sampleDigest('blob');
const entry: UploadJournalEntry = {
  registry: 'singapore',
  repository: 'web3d/team/app',
  digest,
  location: 'https://registry.example/v2/web3d/team/app/blobs/uploads/1?_state=abc%3D',
  offset: 2 ** 40,
  sentUpTo: 2 ** 40 + 5,
  updatedAt: 1_000,
};

/** What every implementation of the port `UploadJournal` does. */
export function describeUploadJournal(name: string, open: OpenForTest<UploadJournal>): void {
  describe(`${name} as upload journal`, () => {
    test('an upload is found as it was saved last, under its registry, repository and digest', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.find('singapore', 'web3d/team/app', digest)).toBeUndefined();
      await store.save(entry);
      await store.save({ ...entry, registry: 'tokyo', offset: 1 });
      expect(await store.find('singapore', 'web3d/team/app', digest)).toEqual(entry);
      const further = { ...entry, location: 'https://registry.example/2', offset: 7, sentUpTo: 9, updatedAt: 2_000 };
      await store.save(further);
      expect(await store.find('singapore', 'web3d/team/app', digest)).toEqual(further);
      expect((await store.find('tokyo', 'web3d/team/app', digest))?.offset).toBe(1);
      expect(await store.find('singapore', 'team/app', digest)).toBeUndefined();
    });

    test('an upload that is removed is not found, the others are', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.save(entry);
      await store.save({ ...entry, repository: 'other' });
      await store.remove('singapore', 'web3d/team/app', digest);
      await store.remove('singapore', 'web3d/team/app', digest);
      expect(await store.find('singapore', 'web3d/team/app', digest)).toBeUndefined();
      expect(await store.find('singapore', 'other', digest)).toBeDefined();
    });

    test('the uploads to a repository are listed, and no others', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.list('singapore', 'web3d/team/app')).toEqual([]);
      const second = { ...entry, digest: sampleDigest('second') };
      for (const each of [entry, second, { ...entry, repository: 'other' }, { ...entry, registry: 'tokyo' }])
        await store.save(each);
      const listed = await store.list('singapore', 'web3d/team/app');
      expect(listed).toHaveLength(2);
      expect(listed).toEqual(expect.arrayContaining([entry, second]));
    });

    test('pruning forgets what was not touched since', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.save(entry);
      await store.save({ ...entry, repository: 'fresh', updatedAt: 1_001 });
      await store.prune(1_001);
      expect(await store.find('singapore', 'web3d/team/app', digest)).toBeUndefined();
      expect(await store.find('singapore', 'fresh', digest)).toBeDefined();
    });
  });
}
