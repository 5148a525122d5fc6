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
  readonly #sent = new Map<string, SentBytes>();

  add(registry: string, name: RepositoryName, digest: Digest, bytes: SentBytes): void {
    const key = keyOf(registry, name, digest);
    const before = this.#sent.get(key);
    this.#sent.set(key, { sent: bytes.sent + (before?.sent ?? 0), again: bytes.again + (before?.again ?? 0) });
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > KEPT && oldest !== undefined) this.#sent.delete(oldest);
  }

  /** Each blob's bytes are given once: to the first push that finds it there. */
  take(registry: string, name: RepositoryName, digest: Digest): SentBytes | undefined {
    const key = keyOf(registry, name, digest);
    const bytes = this.#sent.get(key);
    this.#sent.delete(key);
    return bytes;
  }
}

function keyOf(registry: string, name: RepositoryName, digest: Digest): string {
  return `${registry} ${name} ${digest}`;
}
