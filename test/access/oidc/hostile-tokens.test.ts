import { createHmac, generateKeyPairSync } from 'node:crypto';
import {
  CompactEncrypt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JSONWebKeySet,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { IssuerKeys } from '../../../src/access/oidc/issuer-keys.ts';
import { OidcAuthenticator } from '../../../src/access/oidc/oidc-authenticator.ts';
import { isFailure } from '../../../src/kernel/failure.ts';
import type { OidcIssuer } from '../../../src/regions/world.ts';
import { TestClock } from '../../support/test-clock.ts';

const ISSUER = 'https://issuer.example';
const CLAIMS = { iss: ISSUER, aud: 'entrepot', sub: 'job', project: 'team/app' };
const issuer: OidcIssuer = {
  name: 'ci',
  issuer: ISSUER,
  audiences: ['entrepot'],
  keys: { from: 'discovery' },
  internal: false,
  clockSkewMs: 60_000,
  rules: [{ when: [{ claim: 'project', patterns: ['team/*'] }], role: 'ci', images: ['{project}'] }],
};

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let stranger: Pair;
let generated: Pair;
let set: JSONWebKeySet;
const clock = new TestClock();
const seconds = () => Math.floor(clock.nowMs() / 1000);

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  stranger = await generateKeyPair('RS256', { extractable: true });
  generated = await generateKeyPair('RS256', { extractable: true });
  set = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1' }] };
});

function authenticator(keys = set) {
  let reads = 0;
  const issuerKeys = new IssuerKeys({
    clock,
    read: async () => {
      reads++;
      return keys;
    },
  });
  return {
    identify: (token: string) =>
      new OidcAuthenticator({ issuer, keys: issuerKeys, clock, world: { clusters: [], sites: [] } }).identify(token),
    reads: () => reads,
  };
}

function sign(
  claims: object = {},
  { key = pair.privateKey, header = {} }: { key?: Pair['privateKey']; header?: object } = {},
) {
  return new SignJWT({ ...CLAIMS, exp: seconds() + 300, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
    .sign(key);
}

/** Refused with a reason is as unknown as any other. */
const known = (identified: Promise<unknown>) =>
  identified.catch((error) => {
    if (isFailure(error, 'unauthenticated')) return undefined;
    throw error;
  });

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of an issuer', () => {
  it('is its holder', async () => {
    expect(await authenticator().identify(await sign())).toEqual({
      name: 'ci:job',
      role: 'ci',
      images: ['team/app'],
      via: 'oidc',
    });
  });

  it.each<[string, () => Promise<string> | string]>([
    ['unsigned', () => new UnsecuredJWT({ ...CLAIMS, exp: seconds() + 300 }).encode()],
    [
      'unsigned with a signature',
      () => `${part({ alg: 'none', kid: 'k1' })}.${part({ ...CLAIMS, exp: seconds() + 300 })}.x`,
    ],
    ['alg in other letters', () => `${part({ alg: 'nOnE' })}.${part({ ...CLAIMS, exp: seconds() + 300 })}.x`],
    [
      'signed by HMAC with the public key',
      async () => {
        const head = `${part({ alg: 'HS256', kid: 'k1' })}.${part({ ...CLAIMS, exp: seconds() + 300 })}`;
        const mac = createHmac('sha256', await exportSPKI(pair.publicKey))
          .update(head)
          .digest('base64url');
        return `${head}.${mac}`;
      },
    ],
    ['signed by a stranger under a known key id', () => sign({}, { key: stranger.privateKey })],
    ['signed by a stranger without a key id', () => sign({}, { key: stranger.privateKey, header: { kid: undefined } })],
    [
      'with its own key in the header',
      async () => sign({}, { key: stranger.privateKey, header: { jwk: await exportJWK(stranger.publicKey) } }),
    ],
    [
      'with the address of its own keys',
      () => sign({}, { key: stranger.privateKey, header: { jku: 'https://evil.example/jwks' } }),
    ],
    [
      'with a critical header that nobody knows',
      async () => {
        const head = part({ alg: 'RS256', kid: 'k1', crit: ['x'], x: 1 });
        return `${head}.${(await sign()).split('.').slice(1).join('.')}`;
      },
    ],
    [
      'with other claims than were signed',
      async () => {
        const [head, , signature] = (await sign()).split('.');
        return `${head}.${part({ ...CLAIMS, exp: seconds() + 300, project: 'team/other' })}.${signature}`;
      },
    ],
    ['expired beyond the skew', () => sign({ exp: seconds() - 61 })],
    ['not yet valid beyond the skew', () => sign({ nbf: seconds() + 70 })],
    ['without an end', () => sign({ exp: undefined })],
    ['with an end that is no number', () => sign({ exp: '9999999999' })],
    ['without a subject', () => sign({ sub: undefined })],
    ['with a line break in its subject', () => sign({ sub: 'job\n{"event":"forged"}' })],
    ['with an endless subject', () => sign({ sub: 'x'.repeat(256) })],
    ['for another audience', () => sign({ aud: 'other' })],
    ['for no audience', () => sign({ aud: undefined })],
    ['for an audience that begins alike', () => sign({ aud: 'entrepot.evil.example' })],
    ['of another issuer', () => sign({ iss: 'https://issuer.example.evil' })],
    ['of the issuer with a slash', () => sign({ iss: `${ISSUER}/` })],
    ['of two issuers', () => sign({ iss: [ISSUER] })],
    ['with a project above its patterns', () => sign({ project: 'other/app' })],
    ['with a star in its project', () => sign({ project: 'team/*' })],
    ['with a way up in its project', () => sign({ project: 'team/../other' })],
    ['with a placeholder in its project', () => sign({ project: 'team/{sub}' })],
    ['with claims of the prototype', () => sign({ project: undefined, __proto__: { project: 'team/app' } })],
    [
      'encrypted',
      async () =>
        new CompactEncrypt(Buffer.from(JSON.stringify(CLAIMS)))
          .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: 'k1' })
          .encrypt(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
    ],
    ['larger than any token', async () => sign({ more: 'x'.repeat(20_000) })],
    ['no token at all', () => 'a.b.c'],
  ])('is nobody when %s', async (_what, make) => {
    expect(await known(authenticator().identify(await make()))).toBeUndefined();
  });

  it.each<[string, string, () => Promise<string>]>([
    ['its audience', 'its audience (aud) is not entrepot', () => sign({ aud: 'other' })],
    ['its end', 'it has expired', () => sign({ exp: seconds() - 61 })],
    ['a claim that is missing', 'it has no claim exp', () => sign({ exp: undefined })],
    ['its claims', 'fit none of the rules of access.oidc.ci', () => sign({ project: 'other/app' })],
    ['its signature', 'it is not signed by a key of the issuer', () => sign({}, { key: stranger.privateKey })],
    ['its key', 'no key of the issuer has the id', () => sign({}, { header: { kid: 'another' } })],
    // Of what is not signed nothing is believed, so nothing is said either.
    ['its signature first', 'not signed', () => sign({ aud: 'other' }, { key: stranger.privateKey })],
    ['its audience, without a key id', 'audience', () => sign({ aud: 'other' }, { header: { kid: undefined } })],
  ])('is told what is wrong with it: %s', async (_what, why, make) => {
    const two = { keys: [{ ...(await exportJWK(generated.publicKey)) }, ...set.keys] };
    await expect(authenticator(two).identify(await make())).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining(why),
    });
  });

  it('holds within the skew', async () => {
    expect(await authenticator().identify(await sign({ exp: seconds() - 50 }))).toBeDefined();
    expect(await authenticator().identify(await sign({ nbf: seconds() + 50 }))).toBeDefined();
  });

  it('is tried with each key that it may mean', async () => {
    const two = { keys: [{ ...(await exportJWK(stranger.publicKey)) }, { ...(await exportJWK(pair.publicKey)) }] };
    expect(await authenticator(two).identify(await sign({}, { header: { kid: undefined } }))).toBeDefined();
  });

  it('makes the issuer be asked no more often than twice a minute, whatever key it names', async () => {
    const { identify, reads } = authenticator();
    for (let n = 0; n < 20; n++) await known(identify(await sign({}, { header: { kid: `k${n + 2}` } })));
    expect(reads()).toBe(1);
    clock.advance(31_000);
    await known(identify(await sign({}, { header: { kid: 'another' } })));
    expect(reads()).toBe(2);
    // Of another issuer, or broken: not at all.
    const fresh = authenticator();
    await fresh.identify(await sign({ iss: 'https://other.example' }));
    await fresh.identify('a.b.c');
    expect(fresh.reads()).toBe(0);
  });
});

describe('the keys of an issuer', () => {
  it('are kept for a day while it is away, and no longer', async () => {
    let isAway = false;
    const told: (string | undefined)[] = [];
    const keys = new IssuerKeys({
      clock,
      read: async () => {
        if (isAway) throw new Error('away');
        return set;
      },
      onTrouble: (trouble) => told.push(trouble?.detail),
    });
    await keys.get();
    isAway = true;
    clock.advance(23 * 3_600_000);
    await keys.renewed();
    expect(told).toHaveLength(1);
    clock.advance(2 * 3_600_000);
    await expect(keys.get()).rejects.toMatchObject({ code: 'not_ready' });
    isAway = false;
    clock.advance(31_000);
    await keys.get();
    expect(told).toEqual([expect.any(String), undefined]);
  });
});
