import { createHash, type Hash, hash } from 'node:crypto';
import { Failure } from '../kernel/failure.ts';

/**
 * A content digest, `sha256:<64 hex>` or `sha512:<128 hex>`.
 * Source: OCI image-spec 1.1, descriptor.md, "Digests"; these are its two registered algorithms in common use.
 */
export type Digest = string & { readonly __brand: 'Digest' };

export type DigestAlgorithm = 'sha256' | 'sha512';

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** Text → digest, or throws `validation_failed`. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new Failure('validation_failed', `"${text.slice(0, 160)}" is not a sha256 or sha512 digest`);
  }
  return text;
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The part after the colon, lower-case hex. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}` as Digest;
}

/** Hashes a stream piece by piece with the algorithm of the digest that is expected. */
export class DigestHasher {
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Hash;

  constructor(algorithm: DigestAlgorithm) {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** The digest of all that was given; the hasher cannot be used afterwards. */
  finish(): Digest {
    return `${this.#algorithm}:${this.#hash.digest('hex')}` as Digest;
  }
}
