import { describe, expect, test } from 'vitest';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { PushStore, UploadJournal, UploadJournalEntry } from '../../src/sync/push/push-store.ts';
import { sampleDigest, samplePush, sampleTransfer } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

/** Pushes are what needs uploads. */
export type UploadJournalAndPushes = { readonly journal: UploadJournal; readonly pushes: PushStore };

const digest = sampleDigest('blob');
const other = sampleDigest('other');
const blob = { digest, size: 5 };
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
export function describeUploadJournal(name: string, open: OpenForTest<UploadJournalAndPushes>): void {
  describe(`${name} as upload journal`, () => {
    test('an upload is found as it was saved last, under its registry, repository and digest', async () => {
      await using opened = await open();
      const store = opened.store.journal;
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
      const store = opened.store.journal;
      await store.save(entry);
      await store.save({ ...entry, repository: 'other' });
      await store.remove('singapore', 'web3d/team/app', digest);
      await store.remove('singapore', 'web3d/team/app', digest);
      expect(await store.find('singapore', 'web3d/team/app', digest)).toBeUndefined();
      expect(await store.find('singapore', 'other', digest)).toBeDefined();
    });

    test('the uploads to a repository are listed, and no others', async () => {
      await using opened = await open();
      const store = opened.store.journal;
      expect(await store.list('singapore', 'web3d/team/app')).toEqual([]);
      const second = { ...entry, digest: sampleDigest('second') };
      for (const each of [entry, second, { ...entry, repository: 'other' }, { ...entry, registry: 'tokyo' }])
        await store.save(each);
      const listed = await store.list('singapore', 'web3d/team/app');
      expect(listed).toHaveLength(2);
      expect(listed).toEqual(expect.arrayContaining([entry, second]));
    });

    test('an upload whose blob was not known is found by its digest once it is', async () => {
      await using opened = await open();
      const store = opened.store.journal;
      const blob = sampleDigest('what it was in the end');
      await store.save({ ...entry, registry: 'tokyo' });
      await store.save(entry);
      await store.save({ ...entry, digest: blob, location: 'https://registry.example/former', offset: 1 });
      await store.rename('singapore', 'web3d/team/app', digest, blob);
      expect(await store.find('singapore', 'web3d/team/app', digest)).toBeUndefined();
      expect(await store.find('singapore', 'web3d/team/app', blob)).toEqual({ ...entry, digest: blob });
      expect(await store.find('tokyo', 'web3d/team/app', digest)).toBeDefined();
      await store.rename('singapore', 'web3d/team/app', digest, blob);
      expect(await store.find('singapore', 'web3d/team/app', blob)).toBeDefined();
    });

    test('uploads that nobody touched lately are told, the longest untouched first', async () => {
      await using opened = await open();
      const { journal } = opened.store;
      for (const [repository, updatedAt] of [
        ['fresh', 1_500],
        ['old', 900],
        ['older', 800],
        ['later than now', 2_001],
      ] as const)
        await journal.save({ ...entry, repository, updatedAt });
      const told = async (limit: number) =>
        (await journal.unneeded({ fromMs: 1_000, toMs: 2_000 }, limit)).map(({ repository }) => repository);
      expect(await told(9)).toEqual(['older', 'old', 'later than now']);
      expect(await told(1)).toEqual(['older']);
    });

    test.each<[string, boolean, (store: UploadJournalAndPushes) => Promise<unknown>]>([
      ['no push is there', true, async () => {}],
      ['a push has pinned the blob and has a leg to come', false, ({ pushes }) => pushes.pinBlobs('p', [blob])],
      [
        'that leg is over',
        true,
        async ({ pushes }) => {
          await pushes.pinBlobs('p', [blob]);
          await pushes.updateTransfer('p', 'singapore', { state: 'failed' });
        },
      ],
      ['a push to the repository does not know its blobs yet', false, async () => {}],
      ['a push there has other blobs', true, ({ pushes }) => pushes.pinBlobs('p', [{ ...blob, digest: other }])],
    ])('an upload is needed or not: %s', async (when, isUnneeded, prepare) => {
      await using opened = await open();
      const { journal, pushes } = opened.store;
      await journal.save({ ...entry, updatedAt: 1 });
      // A push of the image elsewhere, and one of another image there, need nothing of it.
      await pushes.createPush(samplePush({ id: 'q' }), [sampleTransfer('q', { registry: 'tokyo' })]);
      await pushes.createPush(samplePush({ id: 'r', name: parseRepositoryName('team/other') }), [sampleTransfer('r')]);
      if (when !== 'no push is there') await pushes.createPush(samplePush({ id: 'p' }), [sampleTransfer('p')]);
      await prepare(opened.store);
      expect(await journal.unneeded({ fromMs: 1_000, toMs: 2_000 }, 9)).toHaveLength(isUnneeded ? 1 : 0);
    });
  });
}
