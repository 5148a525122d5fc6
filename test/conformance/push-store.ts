import { describe } from 'vitest';
import type { PushStore } from '../../src/sync/push/push-store.ts';
import { describeClaims } from './push-store-claims.ts';
import { describePlacements } from './push-store-placements.ts';
import { describePushRecords } from './push-store-records.ts';
import { describeReleases } from './push-store-releases.ts';

/** Opens an empty store of one's own for a test; disposing of it leaves nothing behind. */
export type OpenForTest<T> = () => Promise<AsyncDisposable & { readonly store: T }>;

/** What every implementation of the port `PushStore` does. */
export function describePushStore(name: string, open: OpenForTest<PushStore>): void {
  describe(`${name} as push store`, () => {
    describePushRecords(open);
    describeClaims(open);
    describeReleases(open);
    describePlacements(open);
  });
}
