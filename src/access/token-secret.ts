import { hash, randomBytes } from 'node:crypto';
import { Secret } from '../kernel/secret.ts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** What every token of ours begins with, so that people and scanners of leaked secrets know one when they see it. */
export const TOKEN_PREFIX = 'entrepot_';
const RANDOM_CHARACTERS = 48;

/** A new token: 240 random bits behind a prefix, in characters that survive every shell, header and URL. */
export function newTokenSecret(): Secret {
  let text = TOKEN_PREFIX;
  for (const byte of randomBytes(RANDOM_CHARACTERS)) text += ALPHABET[byte % 32];
  return new Secret(text);
}

/**
 * What is kept of a token. One round of SHA-256 is enough where the input cannot be guessed (NIST SP 800-63B, 5.1.2.2
 * asks for salt and work only below 112 bits), and cheap enough to be done at each request.
 */
export function hashToken(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
