import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTag } from '../../src/oci/tag.ts';
import type { Priority, PushRecord, TransferRecord, TransferState } from '../../src/sync/push/push-record.ts';
import type { PushStore } from '../../src/sync/push/push-store.ts';
import { samplePush, sampleTransfer } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

const claim = { registry: 'singapore', owner: 'me', nowMs: 10_000, leaseMs: 500 };

type Leg = {
  readonly id: string;
  readonly tag: string;
  readonly priority: Priority;
  readonly createdAt: number;
  readonly state: TransferState;
  readonly nextAttemptAt: number | null;
};

/** The port's rule over plain values: what a claim must take. */
function expectedClaim(legs: readonly Leg[], nowMs: number): string | undefined {
  const ranks = { urgent: 0, normal: 1, backfill: 2 };
  const busy = new Set(legs.filter(({ state }) => state === 'running' || state === 'verifying').map(({ tag }) => tag));
  const due = legs.filter(
    ({ state, nextAttemptAt }) => state === 'queued' || (state === 'waiting' && (nextAttemptAt ?? 0) <= nowMs),
  );
  return due
    .filter(({ tag }) => !busy.has(tag))
    .sort(
      (a, b) =>
        ranks[a.priority] - ranks[b.priority] || a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    )[0]?.id;
}

async function recordLegs(store: PushStore, legs: readonly Leg[], registry = 'singapore'): Promise<void> {
  for (const { id, tag, priority, createdAt, state, nextAttemptAt } of legs) {
    const push: PushRecord = samplePush({ id, tag: parseTag(tag), priority, createdAt });
    await store.createPush(push, [sampleTransfer(id, { registry, state, nextAttemptAt })]);
  }
}

export function describeClaims(open: OpenForTest<PushStore>): void {
  describe('claims', () => {
    test('a claimed leg runs, has its attempt counted and its lease set, and is claimed once', async () => {
      await using opened = await open();
      const { store } = opened;
      const push = samplePush({ id: 'push_1' });
      const home = sampleTransfer('push_1', { registry: 'aliyun', role: 'home' });
      const waiting = sampleTransfer('push_1', { state: 'waiting', nextAttemptAt: 10_000, attempts: 4, bytesSent: 9 });
      await store.createPush(push, [home, waiting]);
      const transfer: TransferRecord = {
        ...waiting,
        state: 'running',
        attempts: 5,
        nextAttemptAt: null,
        leaseOwner: 'me',
        leaseUntil: 10_500,
      };
      expect(await store.claimTransfer(claim)).toEqual({ push, transfers: [home, transfer], transfer });
      expect(await store.claimTransfer(claim)).toBeUndefined();
    });

    test('any set of legs is claimed by priority, age and id, those not due or in another’s way left out', async () => {
      const leg = fc.record({
        tag: fc.constantFrom('v1', 'v2', 'v3', 'v4'),
        priority: fc.constantFrom<Priority>('urgent', 'normal', 'backfill'),
        createdAt: fc.integer({ min: 1, max: 3 }),
        state: fc.constantFrom<TransferState>(
          'queued',
          'queued',
          'waiting',
          'running',
          'verifying',
          'placed',
          'failed',
          'cancelled',
        ),
        nextAttemptAt: fc.constantFrom(null, 9_999, 10_000, 10_001),
      });
      await using opened = await open();
      const { store } = opened;
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(leg, { maxLength: 8 }), async (parts) => {
          // Registries do not see each other's legs: each run has one of its own.
          const registry = `registry-${runs++}`;
          let legs: Leg[] = parts.map((part, n) => ({ ...part, id: `${registry}_${n}` }));
          await recordLegs(store, legs, registry);
          for (let claims = 0; claims <= parts.length; claims += 1) {
            const expected = expectedClaim(legs, claim.nowMs);
            expect((await store.claimTransfer({ ...claim, registry }))?.push.id).toBe(expected);
            if (expected === undefined) break;
            legs = legs.map((each) => (each.id === expected ? { ...each, state: 'running' } : each));
          }
        }),
        { numRuns: 60, seed: 20_260 },
      );
    });

    test('what is queued before a leg is what is claimed before it', async () => {
      await using opened = await open();
      const { store } = opened;
      const leg = (id: string, priority: Priority, createdAt: number, state: TransferState = 'queued'): Leg => ({
        ...{ id, tag: id, priority, createdAt, state },
        nextAttemptAt: null,
      });
      await recordLegs(store, [
        leg('c', 'normal', 2),
        leg('b', 'normal', 1),
        leg('d', 'normal', 2),
        leg('e', 'backfill', 1),
        leg('a', 'urgent', 9),
        leg('r', 'urgent', 1, 'running'),
        leg('w', 'urgent', 1, 'waiting'),
        leg('p', 'urgent', 1, 'placed'),
      ]);
      await recordLegs(store, [leg('other', 'urgent', 1)], 'tokyo');
      const before = await store.countQueuedBefore('singapore', ['e', 'b', 'a', 'd', 'r', 'other', 'unknown']);
      expect(Object.fromEntries(before)).toEqual({ a: 0, b: 1, d: 3, e: 4 });
      expect([...(await store.countQueuedBefore('singapore', []))]).toEqual([]);
    });

    test('a leg of the same image and tag under way elsewhere is in nobody’s way', async () => {
      await using opened = await open();
      const { store } = opened;
      const away = sampleTransfer('push_1', { registry: 'tokyo', state: 'running' });
      await store.createPush(samplePush({ id: 'push_1' }), [away]);
      await store.createPush(samplePush({ id: 'push_2' }), [sampleTransfer('push_2')]);
      expect((await store.claimTransfer(claim))?.push.id).toBe('push_2');
    });

    test('a changed priority counts at the next claim', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(samplePush({ id: 'push_1' }), [sampleTransfer('push_1')]);
      const later = samplePush({ id: 'push_2', tag: parseTag('v2'), createdAt: 2_000 });
      await store.createPush(later, [sampleTransfer('push_2')]);
      await store.updatePush('push_2', { priority: 'urgent' });
      expect((await store.claimTransfer(claim))?.push.id).toBe('push_2');
    });

    test('a leg may have a priority of its own, behind that of its push', async () => {
      await using opened = await open();
      const { store } = opened;
      const early = { ...sampleTransfer('push_1'), priority: 'backfill' as const };
      await store.createPush(samplePush({ id: 'push_1' }), [early]);
      const later = samplePush({ id: 'push_2', tag: parseTag('v2'), createdAt: 2_000 });
      await store.createPush(later, [sampleTransfer('push_2')]);
      expect((await store.claimTransfer(claim))?.push.id).toBe('push_2');
      expect((await store.claimTransfer(claim))?.push.id).toBe('push_1');
    });

    test('claims made at the same time take different legs', async () => {
      await using opened = await open();
      const { store } = opened;
      for (const n of [1, 2, 3]) {
        await store.createPush(samplePush({ id: `push_${n}`, tag: parseTag(`v${n}`) }), [sampleTransfer(`push_${n}`)]);
      }
      const claimed = await Promise.all([1, 2, 3, 4].map(() => store.claimTransfer(claim)));
      expect(claimed.map((each) => each?.push.id).sort()).toEqual(['push_1', 'push_2', 'push_3', undefined]);
    });

    test('the next attempt is the earliest of the registry’s waiting legs', async () => {
      await using opened = await open();
      const { store } = opened;
      await recordLegs(store, [
        { id: 'a', tag: 'v1', priority: 'normal', createdAt: 1, state: 'waiting', nextAttemptAt: 700 },
        { id: 'b', tag: 'v2', priority: 'normal', createdAt: 2, state: 'waiting', nextAttemptAt: 500 },
        { id: 'c', tag: 'v3', priority: 'normal', createdAt: 3, state: 'failed', nextAttemptAt: 100 },
      ]);
      expect(await store.nextAttemptAt('singapore')).toBe(500);
      expect(await store.nextAttemptAt('tokyo')).toBeUndefined();
    });

    test('a leg that waits, fails or is placed has no lease any more', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.createPush(samplePush({ id: 'push_1' }), [sampleTransfer('push_1')]);
      await store.claimTransfer(claim);
      await store.updateTransfer('push_1', 'singapore', { state: 'verifying' });
      expect((await store.findPush('push_1'))?.transfers[0]).toMatchObject({ leaseOwner: 'me', leaseUntil: 10_500 });
      await store.updateTransfer('push_1', 'singapore', { state: 'waiting', nextAttemptAt: 1 });
      expect((await store.findPush('push_1'))?.transfers[0]).toMatchObject({ leaseOwner: null, leaseUntil: null });
    });

    const leases = [
      ['mine', 'running', 'me', 20_000],
      ['mine, ran out', 'verifying', 'me', 10_000],
      ['another’s', 'running', 'you', 20_000],
      ['nobody’s', 'running', null, null],
      ['over', 'failed', 'you', 1],
    ] as const;

    test.each([
      [false, ['another’s', 'mine, ran out', 'nobody’s']],
      [true, ['another’s', 'mine', 'mine, ran out', 'nobody’s']],
    ])('with all %s the legs reclaimed are %j', async (all, expected) => {
      await using opened = await open();
      const { store } = opened;
      for (const [id, state, leaseOwner, leaseUntil] of leases) {
        const leg = sampleTransfer(id, { state, leaseOwner, leaseUntil, attempts: 2 });
        await store.createPush(samplePush({ id, tag: parseTag('v1') }), [leg]);
      }
      const reclaimed = await store.reclaimTransfers({ owner: 'me', nowMs: 10_000, all });
      expect(reclaimed.map(({ pushId }) => pushId).sort()).toEqual([...expected].sort());
      for (const leg of reclaimed) {
        expect(leg).toMatchObject({ state: 'queued', leaseOwner: null, leaseUntil: null, attempts: 2 });
        expect((await store.findPush(leg.pushId))?.transfers).toEqual([leg]);
      }
    });

    test('renewing moves the leases of the owner’s legs under way and no others', async () => {
      await using opened = await open();
      const { store } = opened;
      for (const [id, state, leaseOwner, leaseUntil] of leases) {
        await store.createPush(samplePush({ id }), [sampleTransfer(id, { state, leaseOwner, leaseUntil })]);
      }
      await store.renewLeases('me', 30_000, 500);
      const untils = await Promise.all(
        leases.map(async ([id]) => (await store.findPush(id))?.transfers[0]?.leaseUntil),
      );
      expect(untils).toEqual([30_500, 30_500, 20_000, null, 1]);
    });
  });
}
