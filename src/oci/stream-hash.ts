import { type Digest, type DigestAlgorithm, DigestHasher } from './digest.ts';

/** Hashes one stream piece by piece, here or in a thread of its own. */
export type StreamHash = {
  /**
   * Takes a piece; the promise, where there is one, must be awaited before the next. Until then the piece must not change;
   * afterwards it is the caller's again.
   */
  update(piece: Uint8Array): Promise<void> | undefined;
  /**
   * Takes bytes `[start, end)` of a file as the next piece, where hashing is done by one who can read it: that costs less
   * than handing the bytes over. As with `update`, a promise must be awaited before what is next.
   */
  updateFrom?(path: string, range: { readonly start: number; readonly end: number }): Promise<void> | undefined;
  /** The digest of all that was given. Nothing may follow. */
  finish(): Promise<Digest>;
  /** Forgets the stream, finished or not. */
  drop(): void;
};

/** Begins a hash of a stream; knowing its size helps to decide where that is best done. */
export type OpenHash = (algorithm: DigestAlgorithm, sizeBytes?: number) => StreamHash;

/** Hashes where it is called: for what is too small to be worth a thread. */
export class InlineHash implements StreamHash {
  readonly #hasher: DigestHasher;

  constructor(algorithm: DigestAlgorithm) {
    this.#hasher = new DigestHasher(algorithm);
  }

  update(piece: Uint8Array): undefined {
    this.#hasher.update(piece);
  }

  async finish(): Promise<Digest> {
    return this.#hasher.finish();
  }

  drop(): void {}
}
