import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token of the door says: who holds it, which `NAME ACTION` pairs it grants and was asked for, until when (ms). */
export type TokenClaims = {
  readonly subject: string;
  readonly granted: readonly string[];
  readonly asked: readonly string[];
  readonly expiresAt: number;
  /** What whoever knows subjects wants to be told again, should it have forgotten this one. */
  readonly voucher?: unknown;
};

/** How long a token lasts. */
export const TOKEN_SECONDS = 300;

/** A key that signs no more, and until when (ms) what it has signed is believed. */
export type FormerKey = { readonly key: Buffer; readonly untilMs: number };
export type TokenKeys = { readonly own: Buffer; readonly former: readonly FormerKey[] };

/** Makes and reads the short-lived tokens of `/v2/token`. */
export class SignedTokens {
  readonly #keys: TokenKeys;

  constructor(keys: TokenKeys = { own: randomBytes(32), former: [] }) {
    this.#keys = keys;
  }

  sign(claims: TokenClaims): string {
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${payload}.${macOf(payload, this.#keys.own).toString('base64url')}`;
  }

  /** Has it the form of such a token, of whichever process and however old? */
  isOne(text: string): boolean {
    return /^[\w-]+\.[\w-]{43}$/.test(text);
  }

  /** The claims of a token that was signed with one of the keys and has not expired. */
  find(token: string, nowMs: number): TokenClaims | undefined {
    const [payload = '', mac = '', ...more] = token.split('.');
    const given = Buffer.from(mac, 'base64url');
    if (more.length > 0 || !this.#keysAt(nowMs).some((key) => isSame(given, macOf(payload, key)))) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims;
    return claims.expiresAt > nowMs ? claims : undefined;
  }

  #keysAt(nowMs: number): readonly Buffer[] {
    const { own, former } = this.#keys;
    return [own, ...former.filter(({ untilMs }) => nowMs < untilMs).map(({ key }) => key)];
  }
}

function macOf(payload: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(payload).digest();
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}
