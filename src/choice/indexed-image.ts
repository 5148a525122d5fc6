import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { IndexedDigest } from './indexed-digest.ts';
import type { RegistryList } from './registry-list.ts';
import type { CurrentPlacement, CurrentRelease } from './release-source.ts';

/** What a tag means, with where that is. */
export type IndexedRelease = CurrentRelease & { readonly meant: IndexedDigest | null };

/** One image in memory: what its tags mean, and where its digests are. */
export class IndexedImage {
  readonly name: RepositoryName;
  readonly #nowhere: RegistryList;
  readonly #tags = new Map<string, IndexedRelease>();
  /** Every digest that a tag means or that a registry holds. */
  readonly #digests = new Map<string, IndexedDigest>();
  /** Registries' own digests where they differ from the source's; made when there is the first one. */
  #rewritten: Map<string, readonly IndexedDigest[]> | null = null;

  constructor(name: RepositoryName, nowhere: RegistryList) {
    this.name = name;
    this.#nowhere = nowhere;
  }

  get tags(): ReadonlyMap<string, IndexedRelease> {
    return this.#tags;
  }

  /** Every digest that can be asked for: the sources' and, where they differ, the registries' own. */
  *digestNames(): Generator<Digest> {
    yield* this.#digests.keys() as Iterable<Digest>;
    for (const digest of this.#rewritten?.keys() ?? [])
      if (!this.#digests.has(digest as Digest)) yield digest as Digest;
  }

  get isEmpty(): boolean {
    return this.#digests.size === 0 && this.#tags.size === 0;
  }

  /**
   * By the source's digest, placed or not, or where none has it by a registry's own. Should two sources have been
   * rewritten to the same digest, the one with the lesser source digest is meant, always.
   */
  findDigest(digest: Digest): IndexedDigest | undefined {
    return this.#digests.get(digest) ?? this.#rewritten?.get(digest)?.[0];
  }

  hasPlacement(registry: string, sourceDigest: Digest): boolean {
    return (this.#digests.get(sourceDigest)?.findPosition(registry) ?? -1) >= 0;
  }

  setRelease(release: CurrentRelease): void {
    const before = this.#tags.get(release.tag)?.meant;
    const meant = release.digest === null ? null : this.#getDigest(release.digest);
    if (meant !== null) meant.tags += 1;
    const { tag, pushId, acceptedAt } = release;
    this.#tags.set(tag, { name: this.name, tag, digest: meant?.sourceDigest ?? null, pushId, acceptedAt, meant });
    this.#release(before);
  }

  removeRelease(tag: string): void {
    const before = this.#tags.get(tag)?.meant;
    this.#tags.delete(tag);
    this.#release(before);
  }

  place(placement: CurrentPlacement): void {
    const { registry, sourceDigest, verifiedAt } = placement;
    const held = this.#getDigest(sourceDigest);
    const position = held.findPosition(registry);
    const before = position < 0 ? undefined : held.digestAt(position);
    // One string for equal digests: rows of a database come with a copy each.
    const digest = placement.digest === sourceDigest ? held.sourceDigest : placement.digest;
    held.place(registry, digest, verifiedAt);
    if (before !== undefined && before !== digest) this.#forgetRewritten(held, before);
    if (digest !== held.sourceDigest) this.#rememberRewritten(held, digest);
  }

  withdraw(registry: string, sourceDigest: Digest): void {
    const held = this.#digests.get(sourceDigest);
    const position = held?.findPosition(registry) ?? -1;
    if (held === undefined || position < 0) return;
    const before = held.digestAt(position);
    held.withdraw(registry);
    this.#forgetRewritten(held, before);
    this.#dropIfUnused(held);
  }

  #getDigest(sourceDigest: Digest): IndexedDigest {
    let digest = this.#digests.get(sourceDigest);
    if (digest === undefined) {
      digest = new IndexedDigest(this.name, sourceDigest, this.#nowhere);
      this.#digests.set(sourceDigest, digest);
    }
    return digest;
  }

  #release(digest: IndexedDigest | null | undefined): void {
    if (!digest) return;
    digest.tags -= 1;
    this.#dropIfUnused(digest);
  }

  #dropIfUnused(digest: IndexedDigest): void {
    if (digest.tags === 0 && !digest.isPlaced) this.#digests.delete(digest.sourceDigest);
  }

  #rememberRewritten(held: IndexedDigest, digest: Digest): void {
    this.#rewritten ??= new Map();
    const known = this.#rewritten.get(digest) ?? [];
    if (known.includes(held)) return;
    const sorted = [...known, held].sort((a, b) => (a.sourceDigest < b.sourceDigest ? -1 : 1));
    this.#rewritten.set(digest, sorted);
  }

  #forgetRewritten(held: IndexedDigest, digest: Digest): void {
    if (held.holds(digest)) return;
    const rest = this.#rewritten?.get(digest)?.filter((other) => other !== held);
    if (rest === undefined) return;
    if (rest.length === 0) this.#rewritten?.delete(digest);
    else this.#rewritten?.set(digest, rest);
  }
}
