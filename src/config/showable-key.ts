import { findKnownKeys } from './json-schema.ts';
import type { DocumentPath } from './mistake.ts';

// Letters, digits and few signs, with at most a port behind a colon.
const NAME_LIKE = /^[A-Za-z0-9_*<][A-Za-z0-9_.*/<-]{0,63}(:\d{1,5})?$/;

/**
 * May a key below `path` appear in a message? A missing space after a colon (`{ password:hunter2 }`) makes a key of a
 * value, so a key must look like a name, and among credentials it must be one that is known there.
 */
export function isShowableKey(path: DocumentPath, key: string): boolean {
  return path.includes('credentials') ? findKnownKeys(path).includes(key) : NAME_LIKE.test(key);
}
