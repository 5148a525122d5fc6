import type { BlockCodes } from '../oci/block-codes.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';

export type HashWorkerData = {
  readonly slots: readonly SharedArrayBuffer[];
  /** Are codes of the blocks wanted beside the digest? */
  readonly isCoding: boolean;
};

/** What the thread that hashes is asked. The bytes lie in a slot of memory that both sides see. */
export type HashRequest =
  | {
      readonly kind: 'update';
      readonly stream: number;
      readonly algorithm: DigestAlgorithm;
      readonly slot: number;
      readonly bytes: number;
    }
  | {
      /** As it lies in the memory of whoever gave it. */
      readonly kind: 'take';
      readonly stream: number;
      readonly algorithm: DigestAlgorithm;
      readonly piece: Uint8Array<SharedArrayBuffer>;
    }
  | {
      /** Bytes `[start, end)` of a file. */
      readonly kind: 'read';
      readonly stream: number;
      readonly algorithm: DigestAlgorithm;
      readonly path: string;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'finish'; readonly stream: number; readonly algorithm: DigestAlgorithm }
  | { readonly kind: 'drop'; readonly stream: number };

export type HashAnswer =
  | { readonly kind: 'free'; readonly slot: number }
  | { readonly kind: 'taken'; readonly stream: number }
  | { readonly kind: 'failed'; readonly stream: number; readonly error: unknown }
  | {
      readonly kind: 'digest';
      readonly stream: number;
      readonly digest: Digest;
      readonly codes: BlockCodes | undefined;
    };
