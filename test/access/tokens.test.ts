import { describe, expect, test } from 'vitest';
import { firstToKnow } from '../../src/access/authenticator.ts';
import type { Principal } from '../../src/access/principal.ts';
import type { TokenRequest } from '../../src/access/token-request.ts';
import { Tokens } from '../../src/access/tokens.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { Secret } from '../../src/kernel/secret.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../store/open-test-store.ts';
import { TestClock } from '../support/test-clock.ts';

const world = {
  clusters: [
    { name: 'us-east-prod', site: 'us-east', pulls: 'choice' as const },
    { name: 'cn-prod', site: 'beijing', pulls: 'home' as const },
  ],
  sites: [
    { name: 'us-east', service: false },
    { name: 'beijing', service: true },
  ],
};
const ci: TokenRequest = { name: 'ci-team', role: 'ci', images: ['team/*'] };

function openTokens(store: Pick<Store, 'tokens'>, clock = new TestClock(), events = new EventBus()): Promise<Tokens> {
  return Tokens.open({
    store: store.tokens,
    world,
    clock,
    events,
    onError: (error) => {
      throw error;
    },
  });
}

describe('tokens', () => {
  test('a token is told once, kept as a hash, and stands for its principal, also after a restart', async () => {
    await using opened = await openTestStore();
    const tokens = await openTokens(opened.store);
    const { token, secret } = await tokens.create(ci, 'admin');
    expect(secret.reveal()).toMatch(/^entrepot_[0-9a-hjkmnp-tv-z]{48}$/);
    expect(JSON.stringify(token)).not.toContain(secret.reveal());
    const principal: Principal = { name: 'ci-team', role: 'ci', images: ['team/*'], via: 'token' };
    expect(await tokens.identify(secret.reveal())).toEqual(principal);
    expect(tokens.identifyAtOnce(`${secret.reveal()}x`)).toBeUndefined();
    await tokens.close();
    const again = await openTokens(opened.store);
    expect(again.identifyAtOnce(secret.reveal())).toEqual(principal);
    await again.close();
  });

  test('a revoked token stands for nobody at once and for ever; its name is free again', async () => {
    await using opened = await openTestStore();
    const tokens = await openTokens(opened.store);
    const { token, secret } = await tokens.create(ci, 'admin');
    await expect(tokens.create(ci, 'admin')).rejects.toMatchObject({ code: 'token_exists' });
    expect((await tokens.revoke(token.id)).revokedAt).not.toBeNull();
    expect(tokens.identifyAtOnce(secret.reveal())).toBeUndefined();
    await expect(tokens.revoke('tok_none')).rejects.toMatchObject({ code: 'token_unknown' });
    const next = await tokens.create(ci, 'admin');
    expect(tokens.identifyAtOnce(next.secret.reveal())).toMatchObject({ name: 'ci-team' });
    await tokens.close();
    const again = await openTokens(opened.store);
    expect(again.identifyAtOnce(secret.reveal())).toBeUndefined();
    await again.close();
  });

  test('an expired token stands for nobody', async () => {
    await using opened = await openTestStore();
    const clock = new TestClock();
    const tokens = await openTokens(opened.store, clock);
    const { secret } = await tokens.create({ ...ci, expiresAt: clock.nowMs() + 60_000 }, 'admin');
    expect(tokens.identifyAtOnce(secret.reveal())).toBeDefined();
    clock.advance(60_000);
    expect(tokens.identifyAtOnce(secret.reveal())).toBeUndefined();
    await tokens.close();
  });

  test('the last use is shown at once and written later, once for many uses', async () => {
    await using opened = await openTestStore();
    const clock = new TestClock();
    const tokens = await openTokens(opened.store, clock);
    const { secret } = await tokens.create(ci, 'admin');
    for (let n = 0; n < 100; n += 1) tokens.identifyAtOnce(secret.reveal());
    const shown = (await tokens.list({ limit: 10 })).items[0]?.lastUsedAt;
    expect(shown).toBeGreaterThan(0);
    expect((await opened.store.tokens.listTokens({ limit: 10 })).items[0]?.lastUsedAt).toBeNull();
    await tokens.close();
    expect((await opened.store.tokens.listTokens({ limit: 10 })).items[0]?.lastUsedAt).toBe(shown);
  });

  test.each<[string, Partial<TokenRequest>, string]>([
    ['a name that is none', { name: 'CI team' }, 'name'],
    ['a ci token without images', { images: [] }, 'images'],
    ['a pattern that is none', { images: ['Team/**'] }, 'images'],
    ['a pattern that no name can match', { images: ['team/'] }, 'images'],
    ['a pattern that climbs', { images: ['team/*/../other'] }, 'images'],
    ['an admin token with images', { role: 'admin' }, 'images'],
    ['a cluster token without a cluster', { role: 'cluster' }, 'cluster'],
    ['a cluster token of a cluster that is not configured', { role: 'cluster', cluster: 'mars' }, 'cluster'],
    ['a ci token with a cluster', { cluster: 'cn-prod' }, 'cluster'],
    ['an agent token without a site', { role: 'agent', images: [] }, 'site'],
    ['an agent token of a site that is not configured', { role: 'agent', site: 'mars' }, 'site'],
    ['an expiry in the past', { expiresAt: 1 }, 'expiresAt'],
  ])('%s is refused', async (_, change, path) => {
    await using opened = await openTestStore();
    const tokens = await openTokens(opened.store);
    await expect(tokens.create({ ...ci, ...change }, 'admin')).rejects.toMatchObject({
      code: 'validation_failed',
      details: { errors: [{ path }] },
    });
    await tokens.close();
  });

  test("the administrator's first token is replaced as a whole, and a revoked one does not come back", async () => {
    await using opened = await openTestStore();
    const tokens = await openTokens(opened.store);
    expect(tokens.hasAdmin).toBe(false);
    expect(await tokens.adoptFirstAdmin(new Secret('first'), 'file')).toBe('adopted');
    expect(await tokens.adoptFirstAdmin(new Secret('first'), 'file')).toBe('known');
    expect(tokens.identifyAtOnce('first')).toEqual({
      name: 'admin',
      role: 'admin',
      images: ['*'],
      via: 'admin-token',
    });
    expect(await tokens.adoptFirstAdmin(new Secret('second'), 'file')).toBe('adopted');
    expect(tokens.identifyAtOnce('first')).toBeUndefined();
    expect(await tokens.adoptFirstAdmin(new Secret('preset'), 'preset')).toBe('adopted');
    expect(tokens.identifyAtOnce('second')).toBeDefined();
    expect(await tokens.adoptFirstAdmin(new Secret('preset'), 'preset', { isOnly: true })).toBe('known');
    expect(tokens.identifyAtOnce('second')).toBeUndefined();
    expect(tokens.identifyAtOnce('preset')).toBeDefined();
    expect(tokens.hasAdmin).toBe(true);
    const { items } = await tokens.list({ limit: 5 });
    expect(items).toHaveLength(1);
    await tokens.revoke(items[0]?.id ?? '');
    expect(tokens.hasAdmin).toBe(false);
    expect(await tokens.adoptFirstAdmin(new Secret('preset'), 'preset')).toBe('revoked');
    await tokens.close();
  });

  test('whoever asks is told of each change, and which tokens a cluster has', async () => {
    await using opened = await openTestStore();
    const events = new EventBus();
    let changes = 0;
    events.on('token.changed', () => {
      changes += 1;
    });
    const tokens = await openTokens(opened.store, new TestClock(), events);
    const { token } = await tokens.create({ name: 'us', role: 'cluster', cluster: 'us-east-prod' }, 'admin');
    await tokens.create({ name: 'cn', role: 'cluster', cluster: 'cn-prod' }, 'admin');
    expect(tokens.ofClusters(['us-east-prod']).map(({ name }) => name)).toEqual(['us']);
    await tokens.revoke(token.id);
    expect(tokens.ofClusters(['us-east-prod'])).toEqual([]);
    expect(changes).toBe(3);
    await tokens.close();
  });
});

describe('several ways of being known', () => {
  const nobody = { identify: async () => undefined };
  const someone: Principal = { name: 'someone', role: 'ops', images: ['*'], via: 'oidc' };
  const knowing = { identify: async () => someone, identifyAtOnce: () => someone };
  const broken = {
    identify: async () => {
      throw new Error('no keys');
    },
  };

  test('the first that knows the caller is believed, though another could not find out', async () => {
    expect(await firstToKnow([broken, nobody, knowing]).identify('x')).toBe(someone);
    expect(firstToKnow([nobody, knowing]).identifyAtOnce?.('x')).toBe(someone);
    expect(await firstToKnow([nobody]).identify('x')).toBeUndefined();
  });

  test('what could not be found out is not taken for "nobody"', async () => {
    await expect(firstToKnow([nobody, broken]).identify('x')).rejects.toThrow('no keys');
  });

  test('why one refuses is told when all others could look, and no other knows the caller', async () => {
    const refusing = {
      identify: async () => {
        throw new Failure('unauthenticated', 'for another audience');
      },
    };
    await expect(firstToKnow([nobody, refusing]).identify('x')).rejects.toThrow('another audience');
    await expect(firstToKnow([refusing, broken]).identify('x')).rejects.toThrow('no keys');
    expect(await firstToKnow([refusing, knowing]).identify('x')).toBe(someone);
  });
});
