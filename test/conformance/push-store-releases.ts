import { describe, expect, test } from 'vitest';
import { ALL_PLATFORMS } from '../../src/oci/platform-set.ts';
import { parseTag } from '../../src/oci/tag.ts';
import type { PushStore } from '../../src/sync/push/push-store.ts';
import { APP, sampleDigest, samplePush, V1 } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

export function describeReleases(open: OpenForTest<PushStore>): void {
  describe('what a tag means', () => {
    const older = samplePush({ id: 'push_1', digest: sampleDigest('old'), createdAt: 1_000 });
    const newer = samplePush({ id: 'push_2', createdAt: 2_000 });

    test('is the newest accepted release, known or not yet known', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.findRelease(APP, V1)).toBeUndefined();
      await store.createPush(older, []);
      expect(await store.isNewestRelease(older)).toBe(true);
      await store.createPush(newer, []);
      const release = {
        ...{ name: APP, tag: V1, digest: null, platformSet: ALL_PLATFORMS },
        pushId: 'push_2',
        acceptedAt: 2_000,
      };
      expect(await store.findRelease(APP, V1)).toEqual(release);
      expect(await store.isNewestRelease(older)).toBe(false);
      expect(await store.isNewestRelease(newer)).toBe(true);
      await store.updatePush('push_2', { digest: sampleDigest('new') });
      expect(await store.findRelease(APP, V1)).toEqual({ ...release, digest: sampleDigest('new') });
      expect(await store.findRelease(APP, parseTag('v2'))).toBeUndefined();
    });

    test('goes by when releases were accepted and then by id, not by when they were recorded', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(newer, []);
      await store.createPush(older, []);
      expect((await store.findRelease(APP, V1))?.pushId).toBe('push_2');
      await store.createPush(samplePush({ id: 'push_3', createdAt: 2_000 }), []);
      await store.createPush(samplePush({ id: 'push_0', createdAt: 2_000 }), []);
      expect((await store.findRelease(APP, V1))?.pushId).toBe('push_3');
    });

    test.each(['backfill', 'repair'] as const)('is not changed by a %s', async (purpose) => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(older, []);
      const other = samplePush({ id: 'push_2', purpose, digest: sampleDigest('x'), createdAt: 2_000 });
      await store.createPush(other, []);
      await store.updatePush('push_2', { digest: sampleDigest('y'), state: 'placed' });
      expect(await store.findRelease(APP, V1)).toMatchObject({ pushId: 'push_1', digest: sampleDigest('old') });
      expect(await store.isNewestRelease(other)).toBe(false);
    });

    test.each(['failed', 'cancelled', 'partial'] as const)(
      'is what it was before when the newest push ended %s without ever having had a digest',
      async (state) => {
        await using opened = await open();
        const { store } = opened;
        await store.createPush(older, []);
        await store.createPush(newer, []);
        await store.updatePush('push_2', { state, finishedAt: 3_000 });
        expect((await store.findRelease(APP, V1))?.pushId).toBe('push_1');
        expect(await store.isNewestRelease(older)).toBe(true);
        expect(await store.isNewestRelease(newer)).toBe(false);
      },
    );

    test('is nothing when its only push ended without a digest, and that push again once it is retried', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(newer, []);
      await store.updatePush('push_2', { state: 'failed' });
      expect(await store.findRelease(APP, V1)).toBeUndefined();
      await store.updatePush('push_2', { state: 'running', finishedAt: null });
      expect((await store.findRelease(APP, V1))?.pushId).toBe('push_2');
    });

    test('stays with a push that ended badly after its digest was known', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(older, []);
      await store.createPush(newer, []);
      await store.updatePush('push_2', { digest: sampleDigest('new') });
      await store.updatePush('push_2', { state: 'failed' });
      expect(await store.findRelease(APP, V1)).toMatchObject({ pushId: 'push_2', digest: sampleDigest('new') });
    });
  });
}
