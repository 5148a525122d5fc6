import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../kernel/clock.ts';
import type { OidcIssuer, World } from '../../regions/world.ts';
import type { Authenticator } from '../authenticator.ts';
import type { Principal } from '../principal.ts';
import type { IssuerKeys, LocalKeys } from './issuer-keys.ts';
import { principalFromClaims } from './principal-from-claims.ts';

/**
 * Signatures by a private key only (RFC 7518, section 3.1). With `none` nothing is signed, and with `HS…` whoever
 * knows the public key could sign.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Header, payload and signature (RFC 7515, section 3.1); an encrypted token has five parts. */
const SIGNED_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const MAX_TOKEN_LENGTH = 16 * 1024;

export type OidcAuthenticatorOptions = {
  readonly issuer: OidcIssuer;
  readonly keys: IssuerKeys;
  readonly world: Pick<World, 'clusters' | 'sites'>;
  readonly clock: Clock;
};

/** Knows callers by tokens that an identity provider signed for this service. */
export class OidcAuthenticator implements Authenticator {
  readonly #options: OidcAuthenticatorOptions;

  constructor(options: OidcAuthenticatorOptions) {
    this.#options = options;
  }

  async identify(secret: string): Promise<Principal | undefined> {
    const { issuer, keys, world } = this.#options;
    // Before anybody is asked for keys: a token of another issuer, or none at all, costs the issuer nothing.
    if (findIssuer(secret) !== issuer.issuer) return undefined;
    const claims =
      (await this.#verify(secret, await keys.get())) ?? (await this.#verify(secret, await keys.renewed())) ?? 'refused';
    return claims === 'refused' ? undefined : principalFromClaims(claims, issuer, world);
  }

  /** The claims of a token that holds; undefined when none of the keys is the one that it names. */
  async #verify(token: string, keys: LocalKeys): Promise<JWTPayload | 'refused' | undefined> {
    try {
      return await this.#verifyBy(token, keys);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return 'refused';
      // RFC 7515, section 6: without a `kid`, each key that may be meant is tried.
      for await (const key of error) {
        const claims = await this.#verifyBy(token, async () => key).catch(() => undefined);
        if (claims !== undefined) return claims;
      }
      return 'refused';
    }
  }

  async #verifyBy(token: string, keys: Parameters<typeof jwtVerify>[1] & ((...ignored: never[]) => unknown)) {
    const { issuer, clock } = this.#options;
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      algorithms: ALGORITHMS,
      clockTolerance: issuer.clockSkewMs / 1_000,
      currentDate: new Date(clock.nowMs()),
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  }
}

/** Who a token says that it is from, believed only so far as to choose the keys. */
function findIssuer(token: string): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH || !SIGNED_TOKEN.test(token)) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
