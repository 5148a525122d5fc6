import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token of the door says: who holds it, which `NAME ACTION` pairs it grants and was asked for, until when (ms). */
export type TokenClaims = {
  readonly subject: string;
  readonly granted: readonly string[];
  readonly asked: readonly string[];
  readonly expiresAt: number;
};

/**
 * Makes and reads the short-lived tokens of `/v2/token`. They are signed with a key of this run of the process: after
 * a restart clients are told `invalid_token` and fetch another by themselves.
 */
export class SignedTokens {
  readonly #key = randomBytes(32);

  sign(claims: TokenClaims): string {
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${payload}.${this.#mac(payload).toString('base64url')}`;
  }

  /** Has it the form of such a token, of whichever process and however old? */
  isOne(text: string): boolean {
    return /^[\w-]+\.[\w-]{43}$/.test(text);
  }

  /** The claims of a token that this process signed and that has not expired. */
  find(token: string, nowMs: number): TokenClaims | undefined {
    const [payload = '', mac = '', ...more] = token.split('.');
    const given = Buffer.from(mac, 'base64url');
    const expected = this.#mac(payload);
    if (more.length > 0 || given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected))
      return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims;
    return claims.expiresAt > nowMs ? claims : undefined;
  }

  #mac(payload: string): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest();
  }
}
