import type { Digest, DigestAlgorithm } from '../oci/digest.ts';

/** What the thread that hashes is asked. The bytes lie in a slot of memory that both sides see. */
export type HashRequest =
  | {
      readonly kind: 'update';
      readonly stream: number;
      readonly algorithm: DigestAlgorithm;
      readonly slot: number;
      readonly bytes: number;
    }
  | { readonly kind: 'finish'; readonly stream: number; readonly algorithm: DigestAlgorithm }
  | { readonly kind: 'drop'; readonly stream: number };

export type HashAnswer =
  | { readonly kind: 'free'; readonly slot: number }
  | { readonly kind: 'digest'; readonly stream: number; readonly digest: Digest };
