import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/access/audit-entry.ts';
import type { AuditStore } from '../../src/access/audit-store.ts';
import type { OpenForTest } from './push-store.ts';

const entry: AuditEntry = {
  id: 'aud_1',
  at: 1_000,
  who: 'mei',
  role: 'ops',
  via: 'token',
  address: '203.0.113.5',
  action: 'choice.set',
  about: 'team/app',
  outcome: 'done',
  code: null,
  detail: { registry: 'korea', reason: 'ü' },
  count: 1,
  requestId: 'req-1',
};
const failed: AuditEntry = {
  ...entry,
  id: 'aud_2',
  at: 2_000,
  who: null,
  role: null,
  via: null,
  action: 'login',
  about: null,
  outcome: 'refused',
  code: 'unauthenticated',
  detail: null,
  count: 7,
  requestId: null,
};

/** What every implementation of the port `AuditStore` does. */
export function describeAuditStore(name: string, open: OpenForTest<AuditStore>): void {
  describe(`${name} as audit store`, () => {
    test('entries come back as they were given, newest first, in pages', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.appendEntries([entry, failed]);
      await store.appendEntries([{ ...entry, id: 'aud_3', at: 3_000 }]);
      const first = await store.listEntries({}, { limit: 2 });
      expect(first.items).toEqual([{ ...entry, id: 'aud_3', at: 3_000 }, failed]);
      expect(await store.listEntries({}, { limit: 2, cursor: first.next ?? '' })).toEqual({
        items: [entry],
        next: null,
      });
    });

    test.each([
      [{ who: 'mei' }, ['aud_1']],
      [{ who: 'lin' }, []],
      [{ action: 'login' as const }, ['aud_2']],
      [{ about: 'team/app' }, ['aud_1']],
      [{ outcome: 'refused' as const }, ['aud_2']],
      [{ since: 2_000 }, ['aud_2']],
      [{ until: 2_000 }, ['aud_1']],
      [{ since: 1_000, until: 2_001 }, ['aud_2', 'aud_1']],
    ])('%o finds %o', async (filter, ids) => {
      await using opened = await open();
      await opened.store.appendEntries([entry, failed]);
      const { items } = await opened.store.listEntries(filter, { limit: 10 });
      expect(items.map(({ id }) => id)).toEqual(ids);
    });

    test('the last configuration is the one that was remembered last', async () => {
      await using opened = await open();
      expect(await opened.store.lastConfiguration()).toBeUndefined();
      await opened.store.rememberConfiguration({ registries: [] });
      await opened.store.rememberConfiguration({ registries: [{ name: 'korea' }] });
      expect(await opened.store.lastConfiguration()).toEqual({ registries: [{ name: 'korea' }] });
    });
  });
}
