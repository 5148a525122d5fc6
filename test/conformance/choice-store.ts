import { describe, expect, test } from 'vitest';
import type { ChoiceRecord } from '../../src/choice/choice-record.ts';
import type { ChoiceStore } from '../../src/choice/choice-store.ts';
import type { OpenForTest } from './push-store.ts';

const choice: Omit<ChoiceRecord, 'revision'> = {
  subject: 'team/app',
  registry: 'singapore',
  who: 'ops',
  at: 1_000,
  reason: 'steadier',
  evidence: { jitterMs: [1, 2.5], note: 'ü' },
  previous: 'tokyo',
};

/** What every implementation of the port `ChoiceStore` does. */
export function describeChoiceStore(name: string, open: OpenForTest<ChoiceStore>): void {
  describe(`${name} as choice store`, () => {
    test('revisions of a subject count from one, and come back as they were given', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.appendChoice(choice)).toEqual({ ...choice, revision: 1 });
      const back = { ...choice, registry: null, reason: null, evidence: null, previous: null };
      expect(await store.appendChoice(back)).toEqual({ ...back, revision: 2 });
      expect(await store.appendChoice({ ...choice, subject: 'team/*' })).toMatchObject({ revision: 1 });
      expect((await store.choiceHistory('team/app', { limit: 10 })).items).toEqual([
        { ...back, revision: 2 },
        { ...choice, revision: 1 },
      ]);
    });

    test('the current ones are the newest of each subject, returns to the default included', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.currentChoices()).toEqual([]);
      await store.appendChoice(choice);
      await store.appendChoice({ ...choice, registry: null });
      await store.appendChoice({ ...choice, subject: '*', registry: 'tokyo' });
      const current = await store.currentChoices();
      expect(current.map(({ subject, revision, registry }) => [subject, revision, registry]).sort()).toEqual([
        ['*', 1, 'tokyo'],
        ['team/app', 2, null],
      ]);
    });

    test.each([
      [0, 0, true],
      [0, 1, false],
      [2, 2, true],
      [2, 1, false],
      [2, 0, false],
    ])('with %i revisions, expecting %i succeeds: %s', async (revisions, expected, succeeds) => {
      await using opened = await open();
      const { store } = opened;
      for (let n = 0; n < revisions; n += 1) await store.appendChoice(choice);
      const appending = store.appendChoice(choice, expected);
      if (succeeds) expect((await appending).revision).toBe(revisions + 1);
      else {
        await expect(appending).rejects.toMatchObject({
          code: 'revision_conflict',
          details: { extensions: { revision: revisions } },
        });
      }
    });

    test('of two that expect the same revision at the same time one succeeds', async () => {
      await using opened = await open();
      const { store } = opened;
      const both = await Promise.allSettled([store.appendChoice(choice, 0), store.appendChoice(choice, 0)]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('history comes in pages, newest first', async () => {
      await using opened = await open();
      const { store } = opened;
      for (let n = 0; n < 5; n += 1) await store.appendChoice(choice);
      const revisions: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.choiceHistory('team/app', { limit: 2, cursor });
        revisions.push(...page.items.map(({ revision }) => revision));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(revisions).toEqual([5, 4, 3, 2, 1]);
      const asked = store.choiceHistory('team/app', { limit: 2, cursor: 'nonsense' });
      await expect(asked).rejects.toMatchObject({ code: 'validation_failed' });
    });

    test('uses keep the latest time of each release, over all clusters', async () => {
      await using opened = await open();
      const { store } = opened;
      const use = { name: 'team/app', digest: 'sha256:a', cluster: 'us', at: 500 };
      await store.recordUses([]);
      await store.recordUses([use, { ...use, at: 700 }, { ...use, at: 600 }, { ...use, digest: 'sha256:b', at: 900 }]);
      await store.recordUses([
        { ...use, at: 650 },
        { ...use, cluster: 'cn', at: 800 },
        { ...use, name: 'team/web', at: 999 },
      ]);
      expect(await store.usedSince('team/app', 0)).toEqual([
        { digest: 'sha256:b', at: 900 },
        { digest: 'sha256:a', at: 800 },
      ]);
      expect(await store.usedSince('team/app', 801)).toEqual([{ digest: 'sha256:b', at: 900 }]);
      expect(await store.usedSince('team/none', 0)).toEqual([]);
    });
  });
}
