import type { Digest } from '../../oci/digest.ts';

/**
 * What archives have landed until a push is recorded that pins it: until then nothing else says that these blobs are
 * needed, and making room for an archive's later layers must not throw out its earlier ones.
 */
export class ArchivePins {
  readonly #held = new Set<Set<Digest>>();

  /** Runs `work`, holding every content that it tells of until it ends. */
  async hold<T>(work: (onStored: (content: { readonly digest: Digest }) => void) => Promise<T>): Promise<T> {
    const held = new Set<Digest>();
    this.#held.add(held);
    try {
      return await work(({ digest }) => {
        held.add(digest);
      });
    } finally {
      this.#held.delete(held);
    }
  }

  digests(): readonly Digest[] {
    return [...this.#held].flatMap((held) => [...held]);
  }
}
