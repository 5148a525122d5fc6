import { describe, expect, test } from 'vitest';
import type { TokenRecord } from '../../src/access/token-record.ts';
import type { TokenStore } from '../../src/access/token-store.ts';
import type { OpenForTest } from './push-store.ts';

const token: TokenRecord = {
  id: 'tok_1',
  name: 'ci-team',
  hash: 'hash-1',
  role: 'ci',
  images: ['team/*', 'base'],
  cluster: null,
  site: null,
  origin: 'api',
  createdAt: 1_000,
  createdBy: 'admin',
  expiresAt: 9_000,
  lastUsedAt: null,
  revokedAt: null,
};
const clusterToken: TokenRecord = {
  ...token,
  id: 'tok_2',
  name: 'us',
  hash: 'hash-2',
  role: 'cluster',
  cluster: 'us-east-prod',
  expiresAt: null,
};

/** What every implementation of the port `TokenStore` does. */
export function describeTokenStore(name: string, open: OpenForTest<TokenStore>): void {
  describe(`${name} as token store`, () => {
    test('a token comes back as it was given, by its hash and in the lists', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.findTokenByHash('hash-1')).toBeUndefined();
      await store.addToken(token);
      await store.addToken(clusterToken);
      expect(await store.findTokenByHash('hash-1')).toEqual(token);
      expect(await store.unrevokedTokens()).toEqual([token, clusterToken]);
      expect(await store.listTokens({ limit: 10 })).toEqual({ items: [clusterToken, token], next: null });
    });

    test('the list has pages', async () => {
      await using opened = await open();
      const { store } = opened;
      for (const n of [1, 2, 3]) await store.addToken({ ...token, id: `tok_${n}`, hash: `hash-${n}` });
      const first = await store.listTokens({ limit: 2 });
      expect(first.items.map(({ id }) => id)).toEqual(['tok_3', 'tok_2']);
      const second = await store.listTokens({ limit: 2, cursor: first.next ?? '' });
      expect(second).toMatchObject({ items: [{ id: 'tok_1' }], next: null });
    });

    test('a revoked token is kept, and no longer among those that hold; the first time of revoking counts', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.addToken(token);
      const revoked = { ...token, revokedAt: 2_000 };
      expect(await store.revokeToken('tok_1', 2_000)).toEqual(revoked);
      expect(await store.revokeToken('tok_1', 3_000)).toEqual(revoked);
      expect(await store.revokeToken('tok_9', 3_000)).toBeUndefined();
      expect(await store.unrevokedTokens()).toEqual([]);
      expect(await store.findTokenByHash('hash-1')).toEqual(revoked);
    });

    test('a token can take the place of others', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.addToken(token);
      await store.addToken(clusterToken, ['tok_1']);
      expect(await store.unrevokedTokens()).toEqual([clusterToken]);
      expect(await store.findTokenByHash('hash-1')).toBeUndefined();
    });

    test('two tokens cannot share a hash', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.addToken(token);
      await store.addToken(clusterToken);
      await expect(store.addToken({ ...token, id: 'tok_3', hash: 'hash-2' }, ['tok_1'])).rejects.toThrow();
      expect(await store.unrevokedTokens()).toEqual([token, clusterToken]);
    });

    test('uses are noted', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.addToken(token);
      await store.addToken(clusterToken);
      await store.recordTokenUses([
        { id: 'tok_1', at: 4_000 },
        { id: 'gone', at: 4_000 },
      ]);
      expect(await store.unrevokedTokens()).toEqual([{ ...token, lastUsedAt: 4_000 }, clusterToken]);
    });
  });
}
