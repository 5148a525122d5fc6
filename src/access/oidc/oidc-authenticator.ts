import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
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
    const claims = (await this.#verify(secret, await keys.get())) ?? (await this.#verify(secret, await keys.renewed()));
    if (claims === undefined) throw this.#refusal('no key of the issuer has the id that it names');
    const principal = principalFromClaims(claims, issuer, world);
    if (principal === undefined) throw this.#refusal(`its claims fit none of the rules of access.oidc.${issuer.name}`);
    return principal;
  }

  /** The claims of a token that holds; undefined when none of the keys is the one that it names. Throws `unauthenticated`. */
  async #verify(token: string, keys: LocalKeys): Promise<JWTPayload | undefined> {
    try {
      return await this.#verifyBy(token, keys);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw this.#refusal(this.#describe(error));
      // RFC 7515, section 6: without a `kid`, each key that may be meant is tried.
      let refused: unknown;
      for await (const key of error) {
        try {
          return await this.#verifyBy(token, async () => key);
        } catch (cause) {
          // What is said of the claims is about a token that one of the keys has signed.
          if (!(refused instanceof errors.JWTClaimValidationFailed)) refused = cause;
        }
      }
      throw this.#refusal(this.#describe(refused));
    }
  }

  /** In words what is wrong with a token. Its claims are looked at only after its signature was found good. */
  #describe(error: unknown): string {
    const { audiences, issuer } = this.#options.issuer;
    if (error instanceof errors.JWTExpired) return 'it has expired';
    if (!(error instanceof errors.JWTClaimValidationFailed)) return 'it is not signed by a key of the issuer';
    if (error.reason === 'missing') return `it has no claim ${error.claim}`;
    if (error.claim === 'aud') return `its audience (aud) is not ${audiences.join(' or ')}`;
    if (error.claim === 'iss') return `its issuer (iss) is not ${issuer}`;
    return `its claim ${error.claim} does not hold`;
  }

  #refusal(why: string): Failure {
    return new Failure(
      'unauthenticated',
      `The token of the identity provider ${this.#options.issuer.name} is refused: ${why}`,
    );
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
