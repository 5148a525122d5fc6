import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** Body bytes that went towards a registry for one blob, of these such as had been sent before. */
export type SentBytes = { readonly sent: number; readonly again: number };

/** Blobs whose push never came are forgotten beyond so many, the longest known first. */
const KEPT = 20_000;

/**
 * What blobs cost that crossed before there was a push of them. The push that they crossed for counts them as sent:
 * without it they would look as if they had been there before. Kept in memory only; after a restart they do look so.
 */
export class EarlyBytes {
  readonly #sent = new Map<string, readonly SentBytes[]>();

  /** `bytes` may still grow: it is looked at when somebody takes them, and then the blob is there. */
  add(registry: string, name: RepositoryName, digest: Digest, bytes: SentBytes): void {
    const key = keyOf(registry, name, digest);
    this.#sent.set(key, [...(this.#sent.get(key) ?? []), bytes]);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > KEPT && oldest !== undefined) this.#sent.delete(oldest);
  }

  /** Each blob's bytes are given once: to the first push that finds it there. */
  take(registry: string, name: RepositoryName, digest: Digest): SentBytes | undefined {
    const key = keyOf(registry, name, digest);
    const parts = this.#sent.get(key);
    this.#sent.delete(key);
    if (parts === undefined) return undefined;
    const sum = (of: keyof SentBytes) => parts.reduce((total, part) => total + part[of], 0);
    return { sent: sum('sent'), again: sum('again') };
  }
}

function keyOf(registry: string, name: RepositoryName, digest: Digest): string {
  return `${registry} ${name} ${digest}`;
}
