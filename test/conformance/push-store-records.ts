import { describe, expect, test } from 'vitest';
import { parseTag } from '../../src/oci/tag.ts';
import type { PushFilter, PushStore } from '../../src/sync/push/push-store.ts';
import { sampleDigest, samplePlacement, samplePush, sampleTransfer } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

export function describePushRecords(open: OpenForTest<PushStore>): void {
  describe('records', () => {
    test('a push and its legs come back as they were given, every field of them', async () => {
      await using opened = await open();
      const { store } = opened;
      const push = samplePush({
        id: 'push_1',
        digest: sampleDigest('a'),
        source: { kind: 'archive', reference: null },
        origin: 'choice:team/*#3',
        purpose: 'backfill',
        state: 'partial',
        unchanged: true,
        finishedAt: 9_000,
        priority: 'urgent',
        platforms: ['linux/amd64', 'linux/arm64'],
        referrers: false,
        labels: { commit: 'abc', 'quoted "key"': 'ü\n' },
        bytesTotal: 2 ** 45,
        bytesLanded: 2 ** 44,
      });
      const error = { code: 'stalled', detail: 'no bytes', side: 'target', step: 'blob upload', at: 5_000 } as const;
      const legs = [
        sampleTransfer('push_1', { registry: 'aliyun', role: 'home', state: 'waiting', nextAttemptAt: 6_000, error }),
        sampleTransfer('push_1', {
          state: 'running',
          digest: sampleDigest('b'),
          attempts: 3,
          leaseOwner: 'me',
          leaseUntil: 7_000,
          blobsTotal: 4,
          blobsDone: 3,
          bytesTotal: 2 ** 45,
          bytesSent: 11,
          bytesSavedPresent: 12,
          bytesSavedMounted: 13,
          bytesResent: 14,
          blobsRestarted: 15,
          replacedStalled: 16,
          replacedSlow: 17,
          congestionControl: 'bbr',
          prediction: { at: 1, basis: 'history', samples: 3, medianMs: 20_000, p90Ms: null },
          run: { at: 2, bytes: 3, headMs: 4, moveMs: 5, tailMs: 6 },
        }),
      ];
      const created = await store.createPush(push, legs);
      expect(created).toEqual({ push, transfers: legs, created: true });
      expect(await store.findPush('push_1')).toEqual({ push, transfers: legs });
      expect(await store.findPush('push_2')).toBeUndefined();
    });

    test('how legs went comes newest first, of one registry, and only of those that say so', async () => {
      await using opened = await open();
      const { store } = opened;
      const run = (at: number) => ({ at, bytes: 10, headMs: 1, moveMs: 2, tailMs: 3 });
      for (const [nth, at] of [500, 700, 600].entries()) {
        const id = `push_${nth}`;
        await store.createPush(samplePush({ id }), [sampleTransfer(id), sampleTransfer(id, { registry: 'korea' })]);
        await store.placeTransfer(id, 'singapore', { placedAt: at, run: run(at) }, samplePlacement());
        await store.placeTransfer(id, 'korea', { placedAt: at }, samplePlacement({ registry: 'korea' }));
      }
      expect(await store.finishedRuns('singapore', 2)).toEqual([run(700), run(600)]);
      expect(await store.finishedRuns('korea', 2)).toEqual([]);
    });

    test('a patch changes what it names and nothing else', async () => {
      await using opened = await open();
      const { store } = opened;
      const push = samplePush({ id: 'push_1', labels: { a: 'b' } });
      const [home, relay] = [
        sampleTransfer('push_1', { registry: 'aliyun', role: 'home' }),
        sampleTransfer('push_1', { attempts: 2, bytesSent: 5 }),
      ];
      await store.createPush(push, [home, relay]);
      await store.updatePush('push_1', { bytesTotal: 10, bytesLanded: 4, state: 'failed', finishedAt: 8_000 });
      await store.updatePush('push_1', { source: { kind: 'door', reference: null }, labels: { c: 'd' } });
      await store.updatePush('push_1', {});
      const error = { code: 'timed_out', detail: 'x', side: 'source', step: 'manifest read', at: 1 } as const;
      await store.updateTransfer('push_1', 'singapore', { bytesSent: 9, error, state: 'waiting', nextAttemptAt: 50 });
      expect(await store.findPush('push_1')).toEqual({
        push: {
          ...push,
          bytesTotal: 10,
          bytesLanded: 4,
          state: 'failed',
          finishedAt: 8_000,
          source: { kind: 'door', reference: null },
          labels: { c: 'd' },
        },
        transfers: [home, { ...relay, bytesSent: 9, error, state: 'waiting', nextAttemptAt: 50 }],
      });
      await store.updateTransfer('push_1', 'singapore', { error: null, nextAttemptAt: null });
      const found = await store.findPush('push_1');
      expect(found?.transfers[1]).toMatchObject({ error: null, nextAttemptAt: null, bytesSent: 9, attempts: 2 });
    });

    test('a patch to what does not exist is refused', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(samplePush({ id: 'push_1' }), []);
      const unknown = { code: 'push_unknown' };
      await expect(store.updatePush('push_2', { bytesLanded: 1 })).rejects.toMatchObject(unknown);
      await expect(store.updateTransfer('push_1', 'mars', { attempts: 1 })).rejects.toMatchObject(unknown);
      await expect(store.addTransfer(sampleTransfer('push_2'))).rejects.toMatchObject(unknown);
    });

    test('a leg is added once, and one that is there stays as it is', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(samplePush({ id: 'push_1' }), [sampleTransfer('push_1', { attempts: 3 })]);
      await store.addTransfer(sampleTransfer('push_1', { attempts: 0 }));
      await store.addTransfer(sampleTransfer('push_1', { registry: 'tokyo' }));
      const found = await store.findPush('push_1');
      expect(found?.transfers.map(({ registry, attempts }) => [registry, attempts])).toEqual([
        ['singapore', 3],
        ['tokyo', 0],
      ]);
    });

    test('placing a leg and recording its placement happen together or not at all', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(samplePush({ id: 'push_1' }), [sampleTransfer('push_1', { state: 'verifying' })]);
      const placement = samplePlacement();
      const { registry } = placement;
      await expect(store.placeTransfer('push_1', 'mars', {}, { ...placement, registry: 'mars' })).rejects.toThrow();
      expect(await store.findPlacement({ ...placement, registry: 'mars' })).toBeUndefined();
      await store.placeTransfer('push_1', registry, { bytesSent: 7, leaseOwner: null }, placement);
      const found = await store.findPush('push_1');
      expect(found?.transfers[0]).toMatchObject({
        state: 'placed',
        digest: placement.digest,
        placedAt: placement.placedAt,
        bytesSent: 7,
      });
      expect(await store.findPlacement(placement)).toEqual(placement);
    });

    test('the same key and body give the first push, another body is refused, and nothing is written', async () => {
      await using opened = await open();
      const { store } = opened;
      const key = { key: 'k', bodyHash: 'h1', expiresAt: 50_000 };
      await store.createPush(samplePush({ id: 'push_1' }), [sampleTransfer('push_1')], key);
      const again = await store.createPush(samplePush({ id: 'push_2' }), [sampleTransfer('push_2')], key);
      expect([again.created, again.push.id, again.transfers.length]).toEqual([false, 'push_1', 1]);
      const other = store.createPush(samplePush({ id: 'push_3' }), [], { ...key, bodyHash: 'h2' });
      await expect(other).rejects.toMatchObject({ code: 'idempotency_conflict' });
      expect(await store.findPush('push_2')).toBeUndefined();
      expect(await store.findPush('push_3')).toBeUndefined();
      expect(await store.findIdempotent('k', 49_999)).toEqual({ ...key, pushId: 'push_1' });
      expect(await store.findIdempotent('k', 50_000)).toBeUndefined();
      expect(await store.findIdempotent('other', 1)).toBeUndefined();
    });

    test('a key may be used anew once its time is over', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(samplePush({ id: 'push_1' }), [], { key: 'k', bodyHash: 'h1', expiresAt: 5_000 });
      const later = { key: 'k', bodyHash: 'h2', expiresAt: 9_000 };
      const created = await store.createPush(samplePush({ id: 'push_2', createdAt: 5_000 }), [], later);
      expect(created.created).toBe(true);
      expect((await store.findIdempotent('k', 5_000))?.pushId).toBe('push_2');
    });

    test('lists are newest first, in pages that neither repeat nor miss, whatever comes meanwhile', async () => {
      await using opened = await open();
      const { store } = opened;
      for (const n of [1, 2, 3, 4, 5]) {
        // Two share an instant: their ids decide.
        await store.createPush(samplePush({ id: `push_${n}`, createdAt: n === 3 ? 2_000 : n * 1_000 }), []);
      }
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 10; pages += 1) {
        const page = await store.listPushes({}, { limit: 2, cursor });
        seen.push(...page.items.map(({ push }) => push.id));
        if (pages === 0) await store.createPush(samplePush({ id: 'push_6', createdAt: 6_000 }), []);
        if (page.next === null) break;
        cursor = page.next;
        expect(cursor).toMatch(/^[\w-]+$/);
      }
      expect(seen).toEqual(['push_5', 'push_4', 'push_3', 'push_2', 'push_1']);
    });

    test.each<[PushFilter, string[]]>([
      [{}, ['d', 'c', 'b', 'a']],
      [{ image: 'team/app' }, ['c', 'b', 'a']],
      [{ image: 'team/app:v2' }, ['b']],
      [{ state: 'failed' }, ['d', 'b']],
      [{ registry: 'tokyo' }, ['d', 'c']],
      [{ registry: 'tokyo', state: 'failed' }, ['d']],
      [{ registry: 'tokyo', image: 'team/app' }, ['c']],
      [{ registry: 'tokyo', image: 'team/app:v1', state: 'running' }, ['c']],
      [{ image: 'team/none' }, []],
      [{ registry: 'mars' }, []],
    ])('the filter %j gives %j', async (filter, expected) => {
      await using opened = await open();
      const { store } = opened;
      const other = samplePush({ id: 'd', createdAt: 4, state: 'failed' });
      await store.createPush(samplePush({ id: 'a', createdAt: 1 }), [sampleTransfer('a')]);
      await store.createPush(samplePush({ id: 'b', createdAt: 2, tag: parseTag('v2'), state: 'failed' }), []);
      await store.createPush(samplePush({ id: 'c', createdAt: 3 }), [
        sampleTransfer('c', { registry: 'tokyo' }),
        sampleTransfer('c'),
      ]);
      const otherName = { ...other, name: samplePlacement().name.replace('app', 'web') as typeof other.name };
      await store.createPush(otherName, [sampleTransfer('d', { registry: 'tokyo' })]);
      const all = await store.listPushes(filter, { limit: 10 });
      expect(all.items.map(({ push }) => push.id)).toEqual(expected);
      expect(all.next).toBeNull();
      const first = await store.listPushes(filter, { limit: 1 });
      const rest = first.next === null ? [] : (await store.listPushes(filter, { limit: 9, cursor: first.next })).items;
      expect([...first.items, ...rest].map(({ push }) => push.id)).toEqual(expected);
    });

    test.each(['x', '', '%%%', Buffer.from('{"a":1}').toString('base64url')])(
      'the cursor %j is refused',
      async (cursor) => {
        await using opened = await open();
        const asked = opened.store.listPushes({}, { limit: 1, cursor });
        await expect(asked).rejects.toMatchObject({ code: 'validation_failed' });
      },
    );

    test.each(['Team/App', 'team/app:', `team/app@${sampleDigest('a')}`])(
      'the image filter %j is refused',
      async (image) => {
        await using opened = await open();
        const asked = opened.store.listPushes({ image }, { limit: 1 });
        await expect(asked).rejects.toMatchObject({ code: 'validation_failed' });
      },
    );

    test('counting by origin tells how many are placed and how many ended otherwise', async () => {
      await using opened = await open();
      const { store } = opened;
      const states = ['running', 'placed', 'placed', 'failed', 'partial', 'cancelled'] as const;
      for (const [n, state] of states.entries()) {
        await store.createPush(samplePush({ id: `push_${n}`, state, origin: 'choice:a#1', purpose: 'backfill' }), []);
      }
      await store.createPush(samplePush({ id: 'other', origin: 'choice:a#2', purpose: 'backfill' }), []);
      expect(await store.countByOrigin('choice:a#1')).toEqual({ total: 6, placed: 2, failed: 3 });
      expect(await store.countByOrigin('choice:none')).toEqual({ total: 0, placed: 0, failed: 0 });
    });

    test('legs that are not final are counted by registry and state, with the oldest', async () => {
      await using opened = await open();
      const { store } = opened;
      const states = ['queued', 'waiting', 'queued', 'placed', 'failed', 'cancelled', 'running', 'verifying'] as const;
      for (const [n, state] of states.entries()) {
        const push = samplePush({ id: `push_${n}`, tag: parseTag(`v${n}`), createdAt: 100 + n });
        await store.createPush(push, [sampleTransfer(push.id, { state })]);
      }
      const counts = await store.countOpenTransfers();
      expect(counts.toSorted((a, b) => a.oldestAt - b.oldestAt)).toEqual([
        { registry: 'singapore', state: 'queued', count: 2, oldestAt: 100 },
        { registry: 'singapore', state: 'waiting', count: 1, oldestAt: 101 },
        { registry: 'singapore', state: 'running', count: 1, oldestAt: 106 },
        { registry: 'singapore', state: 'verifying', count: 1, oldestAt: 107 },
      ]);
    });
  });
}
