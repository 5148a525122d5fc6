import type { Digest } from '../../oci/digest.ts';

/** How adding to an upload session went, and how many bytes it has. */
export type AppendOutcome =
  | { kind: 'appended'; sizeBytes: number }
  | { kind: 'out-of-order'; sizeBytes: number }
  | { kind: 'unknown' };

/** How its end went: `path` is where the bytes are that the digest says. */
export type VerifyOutcome =
  | { kind: 'verified'; sizeBytes: number; path: string }
  | { kind: 'mismatch'; actual: Digest }
  | { kind: 'unknown' };
