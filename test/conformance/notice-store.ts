import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/notify/delivery.ts';
import type { NoticeStore } from '../../src/notify/notice-store.ts';
import { sampleNotice } from '../notify/sample-notice.ts';
import type { OpenForTest } from './push-store.ts';

function sample(id: string, change: Partial<Delivery> = {}): Delivery {
  return {
    ...{ id, receiver: 'slack', event: 'transfer.failed', notice: sampleNotice(), state: 'pending', attempts: 0 },
    ...{ createdAt: 1_000, nextAttemptAt: 1_000, deadlineAt: 9_000, deliveredAt: null, lastError: null },
    ...change,
  };
}

const trouble = { key: 'registry korea', since: 1, count: 1, toldAt: 1 };
const done = { state: 'delivered', attempts: 1, nextAttemptAt: null, deliveredAt: 5, lastError: null } as const;

/** What every implementation of the port `NoticeStore` does. */
export function describeNoticeStore(name: string, open: OpenForTest<NoticeStore>): void {
  describe(`${name} as notice store`, () => {
    test('a trouble and what is told of it come and go together', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.recordNotice(trouble.key, trouble, [sample('msg_1')]);
      await store.recordNotice(trouble.key, { ...trouble, count: 2 }, []);
      expect(await store.troubles()).toEqual([{ ...trouble, count: 2 }]);
      expect(await store.nextDelivery('slack')).toEqual(sample('msg_1'));
      await store.recordNotice(trouble.key, null, []);
      expect(await store.troubles()).toEqual([]);
    });

    test('what was told is marked with it, and forgotten by its beginning and age', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.recordNotice(null, null, [sample('msg_1')], { key: 'told push 1', at: 10 });
      expect([await store.isMarked('told push 1'), await store.isMarked('told push')]).toEqual([true, false]);
      await store.mark('agent us-east', 5);
      await store.mark('agent us-east', 20);
      await store.mark('told push 2', 30);
      expect(await store.marks('agent ')).toEqual([{ key: 'agent us-east', at: 20 }]);
      await store.pruneMarks('told ', 25);
      expect(await store.marks('')).toEqual([
        { key: 'agent us-east', at: 20 },
        { key: 'told push 2', at: 30 },
      ]);
    });

    test('each receiver has a turn of its own, by when it is due and then by age', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.recordNotice(null, null, [
        sample('msg_1', { nextAttemptAt: 3_000 }),
        sample('msg_2'),
        sample('msg_3'),
        sample('msg_4', { receiver: 'mail', nextAttemptAt: 1 }),
      ]);
      const turns: (string | undefined)[] = [];
      for (let n = 0; n < 4; n += 1) {
        const next = await store.nextDelivery('slack');
        turns.push(next?.id);
        if (next !== undefined) await store.changeDelivery(next.id, done);
      }
      expect(turns).toEqual(['msg_2', 'msg_3', 'msg_1', undefined]);
      expect((await store.nextDelivery('mail'))?.id).toBe('msg_4');
    });

    test('lists have pages and filters', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.recordNotice(null, null, [sample('msg_1'), sample('msg_2'), sample('msg_3', { receiver: 'mail' })]);
      await store.changeDelivery('msg_2', done);
      const first = await store.listDeliveries({}, { limit: 2 });
      expect(first.items.map(({ id }) => id)).toEqual(['msg_3', 'msg_2']);
      const rest = await store.listDeliveries({}, { limit: 2, cursor: first.next ?? '' });
      expect(rest).toEqual({ items: [sample('msg_1')], next: null });
      const filtered = await store.listDeliveries({ receiver: 'slack', state: 'pending' }, { limit: 5 });
      expect(filtered.items.map(({ id }) => id)).toEqual(['msg_1']);
    });

    test('subscriptions come back as they were given, until they are removed', async () => {
      await using opened = await open();
      const { store } = opened;
      const given = {
        id: 'sub_1',
        receiver: 'slack',
        events: ['*'],
        images: ['team/*'],
        createdAt: 1,
        createdBy: 'ops',
      };
      await store.addSubscription(given);
      expect(await store.subscriptions()).toEqual([given]);
      expect(await store.removeSubscription('sub_1')).toEqual(given);
      expect(await store.removeSubscription('sub_1')).toBeUndefined();
      expect(await store.subscriptions()).toEqual([]);
    });
  });
}
