import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
let lastMs = 0;
let counter = 0;

/**
 * An opaque id that sorts by creation: 10 characters of milliseconds, 3 of a counter within them, 10 random
 * (Crockford base 32). Ids made by one process never sort backwards, even when the clock jumps back.
 */
export function newId(prefix: string, nowMs: number): string {
  counter = nowMs > lastMs ? 0 : counter + 1;
  lastMs = Math.max(nowMs, lastMs);
  if (counter >= 32 ** 3) {
    lastMs += 1;
    counter = 0;
  }
  let random = '';
  for (const byte of randomBytes(10)) random += ALPHABET[byte % 32];
  return `${prefix}_${base32(lastMs, 10)}${base32(counter, 3)}${random}`;
}

function base32(value: number, width: number): string {
  let text = '';
  for (let rest = value, i = 0; i < width; i += 1, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return text;
}
