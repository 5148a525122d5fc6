import { describe, expect, test } from 'vitest';
import { platformSetOf } from '../../src/oci/platform-set.ts';
import type { PlacementRecord } from '../../src/sync/push/push-record.ts';
import type { PushStore } from '../../src/sync/push/push-store.ts';
import { APP, sampleDigest, samplePlacement, samplePush, sampleTransfer } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

const source = sampleDigest('source');

async function place(store: PushStore, id: string, placement = samplePlacement()): Promise<void> {
  await store.createPush(samplePush({ id }), [sampleTransfer(id, { registry: placement.registry })]);
  await store.placeTransfer(id, placement.registry, {}, placement);
}

export function describePlacements(open: OpenForTest<PushStore>): void {
  describe('placements', () => {
    test('are found by registry, image and source digest, and seen anew become what was seen last', async () => {
      await using opened = await open();
      const { store } = opened;
      const rewritten = samplePlacement({
        registry: 'tokyo',
        digest: sampleDigest('rewritten'),
        rewritten: ['platforms', 'attestations-dropped'],
      });
      await place(store, 'push_1');
      await place(store, 'push_2', rewritten);
      expect(await store.findPlacement(rewritten)).toEqual(rewritten);
      expect(await store.findPlacement({ ...rewritten, registry: 'mars' })).toBeUndefined();
      expect(await store.listPlacements(APP, source)).toEqual([samplePlacement(), rewritten]);
      const again = samplePlacement({
        registry: 'tokyo',
        selection: 'platforms=;referrers=no;attestations=drop',
        placedAt: 9,
        verifiedAt: 9,
      });
      await place(store, 'push_3', again);
      expect(await store.listPlacements(APP, source)).toEqual([samplePlacement(), again]);
      expect(await store.listPlacements(APP, sampleDigest('none'))).toEqual([]);
    });

    test('are confirmed, withdrawn, and neither when they are not there', async () => {
      await using opened = await open();
      const { store } = opened;
      await place(store, 'push_1');
      const missing = { ...samplePlacement(), registry: 'mars' };
      await store.confirmPlacement(missing, 9_000);
      await store.withdrawPlacement(missing);
      await store.confirmPlacement(samplePlacement(), 9_000);
      expect(await store.listPlacements(APP, source)).toEqual([samplePlacement({ verifiedAt: 9_000 })]);
      await store.withdrawPlacement(samplePlacement());
      expect(await store.listPlacements(APP, source)).toEqual([]);
    });

    test('of other platforms of the same digest stand beside each other', async () => {
      await using opened = await open();
      const { store } = opened;
      const of = (platforms: string[], change: Partial<PlacementRecord> = {}) =>
        samplePlacement({
          platformSet: platformSetOf(platforms),
          selection: `platforms=${platforms.join(',')};referrers=yes;attestations=keep`,
          digest: sampleDigest(platforms.join()),
          rewritten: platforms.length === 0 ? [] : ['platforms'],
          ...change,
        });
      const [whole, arm, both] = [of([]), of(['linux/arm64']), of(['linux/amd64', 'linux/arm64'], { verifiedAt: 100 })];
      for (const [n, placement] of [whole, arm, both, arm].entries()) await place(store, `push_${n}`, placement);
      expect(await store.listPlacements(APP, source)).toEqual([whole, both, arm]);
      for (const placement of [whole, arm, both]) expect(await store.findPlacement(placement)).toEqual(placement);
      expect(await store.findPlacement(of(['linux/s390x']))).toBeUndefined();
      expect(await store.stalePlacements({ fromMs: 3_000, toMs: 3_000 }, 2)).toEqual([both, whole]);

      await store.confirmPlacement(whole, 2_500);
      expect(await store.listPlacements(APP, source)).toEqual([{ ...whole, verifiedAt: 2_500 }, both, arm]);
      await store.withdrawPlacement(arm);
      expect(await store.listPlacements(APP, source)).toEqual([{ ...whole, verifiedAt: 2_500 }, both]);
      await place(store, 'push_9', { ...whole, verifiedAt: 3_000 });
      await store.withdrawPlacement(both);
      expect(await store.listPlacements(APP, source)).toEqual([{ ...whole, verifiedAt: 3_000 }]);
    });

    test('not looked at for long are listed oldest first', async () => {
      await using opened = await open();
      const { store } = opened;
      for (const [registry, verifiedAt] of [
        ['a', 300],
        ['b', 100],
        ['c', 200],
        ['d', 400],
      ] as const) {
        await place(store, registry, samplePlacement({ registry, verifiedAt }));
      }
      const stale = async (fromMs: number, limit: number, toMs = 400) =>
        (await store.stalePlacements({ fromMs, toMs }, limit)).map(({ registry }) => registry);
      expect(await stale(400, 10)).toEqual(['b', 'c', 'a']);
      expect(await stale(400, 2)).toEqual(['b', 'c']);
      expect(await stale(100, 10)).toEqual([]);
      // Looked at by a clock that was ahead.
      expect(await stale(200, 10, 250)).toEqual(['a', 'd', 'b']);
      expect(await stale(200, 1, 250)).toEqual(['a']);
    });
  });

  describe('pinned blobs', () => {
    test('are the union of what pushes pinned last, recorded or not, until they are unpinned', async () => {
      await using opened = await open();
      const { store } = opened;
      const blob = (text: string) => ({ digest: sampleDigest(text), size: 5 });
      await store.pinBlobs('push_1', [blob('a'), blob('b'), blob('b')]);
      await store.pinBlobs('push_2', [blob('b'), blob('c')]);
      expect(await store.pinnedBlobs()).toEqual(new Set([sampleDigest('a'), sampleDigest('b'), sampleDigest('c')]));
      await store.pinBlobs('push_1', [blob('d')]);
      expect(await store.pinnedBlobs()).toEqual(new Set([sampleDigest('b'), sampleDigest('c'), sampleDigest('d')]));
      await store.unpinBlobs('push_2');
      await store.unpinBlobs('push_3');
      expect(await store.pinnedBlobs()).toEqual(new Set([sampleDigest('d')]));
    });

    test('may be very many', async () => {
      await using opened = await open();
      const { store } = opened;
      const blobs = Array.from({ length: 2_500 }, (_, n) => ({ digest: sampleDigest(`blob ${n}`), size: n }));
      await store.pinBlobs('push_1', blobs);
      expect((await store.pinnedBlobs()).size).toBe(2_500);
    });
  });
}
