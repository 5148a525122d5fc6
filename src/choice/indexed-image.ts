import type { Digest } from '../oci/digest.ts';
import { ALL_PLATFORMS } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { compareWidth, IndexedDigest } from './indexed-digest.ts';
import type { RegistryList } from './registry-list.ts';
import type { CurrentPlacement, CurrentRelease } from './release-source.ts';

/** What a tag means, with where that is. */
export type IndexedRelease = CurrentRelease & { readonly meant: IndexedDigest | null };

/** What is meant by the source's digest: all of the image, or some platforms of it. */
type Content = Pick<IndexedDigest, 'sourceDigest' | 'platformSet'>;

/** One image in memory: what its tags mean, and where its digests are. */
export class IndexedImage {
  readonly name: RepositoryName;
  readonly #nowhere: RegistryList;
  readonly #tags = new Map<string, IndexedRelease>();
  /** Every digest of which a tag means all platforms, or a registry holds them. */
  readonly #digests = new Map<string, IndexedDigest>();
  /** And those of which it is some, the widest first; made when there is the first one. */
  #cuts: Map<string, readonly IndexedDigest[]> | null = null;
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
    for (const digest of this.#cuts?.keys() ?? []) if (!this.#digests.has(digest)) yield digest as Digest;
    for (const digest of this.#rewritten?.keys() ?? []) {
      if (!this.#digests.has(digest) && !this.#cuts?.has(digest)) yield digest as Digest;
    }
  }

  /** Are there digests of which only some platforms are meant? */
  get hasCuts(): boolean {
    return (this.#cuts?.size ?? 0) > 0;
  }

  get isEmpty(): boolean {
    return this.#digests.size === 0 && this.#tags.size === 0 && !this.hasCuts;
  }

  /**
   * By the source's digest, placed or not, or where none has it by a registry's own. The source's digest means all of
   * the image; where that is placed nowhere, the widest choice of platforms that is. Should two sources have been
   * rewritten to the same digest, the one with the lesser source digest is meant, always.
   */
  findDigest(digest: Digest): IndexedDigest | undefined {
    const whole = this.#digests.get(digest);
    if (whole?.isPlaced) return whole;
    const cuts = this.#cuts?.get(digest);
    return cuts?.find(({ isPlaced }) => isPlaced) ?? whole ?? cuts?.[0] ?? this.#rewritten?.get(digest)?.[0];
  }

  /** Everything that a digest may stand for, whether the source's or a registry's own. */
  findAll(digest: Digest): readonly IndexedDigest[] {
    const whole = this.#digests.get(digest);
    const ofSource = [...(whole === undefined ? [] : [whole]), ...(this.#cuts?.get(digest) ?? [])];
    return ofSource.length > 0 ? ofSource : (this.#rewritten?.get(digest) ?? []);
  }

  hasPlacement(registry: string, content: Content): boolean {
    return (this.#find(content)?.findPosition(registry) ?? -1) >= 0;
  }

  setRelease(release: CurrentRelease): void {
    const before = this.#tags.get(release.tag)?.meant;
    const { tag, digest, platformSet, pushId, acceptedAt } = release;
    const meant = digest === null ? null : this.#get({ sourceDigest: digest, platformSet });
    if (meant !== null) meant.tags += 1;
    const sourceDigest = meant?.sourceDigest ?? null;
    this.#tags.set(tag, { name: this.name, tag, digest: sourceDigest, platformSet, pushId, acceptedAt, meant });
    this.#release(before);
  }

  removeRelease(tag: string): void {
    const before = this.#tags.get(tag)?.meant;
    this.#tags.delete(tag);
    this.#release(before);
  }

  place(placement: CurrentPlacement): void {
    const { registry, sourceDigest, verifiedAt } = placement;
    const held = this.#get(placement);
    const position = held.findPosition(registry);
    const before = position < 0 ? undefined : held.digestAt(position);
    // One string for equal digests: rows of a database come with a copy each.
    const digest = placement.digest === sourceDigest ? held.sourceDigest : placement.digest;
    held.place(registry, digest, verifiedAt);
    if (before !== undefined && before !== digest) this.#forgetRewritten(held, before);
    if (digest !== held.sourceDigest) this.#rememberRewritten(held, digest);
  }

  withdraw(registry: string, content: Content): void {
    const held = this.#find(content);
    const position = held?.findPosition(registry) ?? -1;
    if (held === undefined || position < 0) return;
    const before = held.digestAt(position);
    held.withdraw(registry);
    this.#forgetRewritten(held, before);
    this.#dropIfUnused(held);
  }

  #find({ sourceDigest, platformSet }: Content): IndexedDigest | undefined {
    if (platformSet === ALL_PLATFORMS) return this.#digests.get(sourceDigest);
    return this.#cuts?.get(sourceDigest)?.find((cut) => cut.platformSet === platformSet);
  }

  #get(content: Content): IndexedDigest {
    const known = this.#find(content);
    if (known !== undefined) return known;
    const digest = new IndexedDigest(this.name, content, this.#nowhere);
    const { sourceDigest } = digest;
    if (digest.platformSet === ALL_PLATFORMS) this.#digests.set(sourceDigest, digest);
    else {
      this.#cuts ??= new Map();
      this.#cuts.set(sourceDigest, [...(this.#cuts.get(sourceDigest) ?? []), digest].sort(compareWidth));
    }
    return digest;
  }

  #release(digest: IndexedDigest | null | undefined): void {
    if (!digest) return;
    digest.tags -= 1;
    this.#dropIfUnused(digest);
  }

  #dropIfUnused(digest: IndexedDigest): void {
    if (digest.tags > 0 || digest.isPlaced) return;
    if (digest.platformSet === ALL_PLATFORMS) this.#digests.delete(digest.sourceDigest);
    else dropFrom(this.#cuts, digest.sourceDigest, digest);
  }

  #rememberRewritten(held: IndexedDigest, digest: Digest): void {
    this.#rewritten ??= new Map();
    const known = this.#rewritten.get(digest) ?? [];
    if (known.includes(held)) return;
    this.#rewritten.set(digest, [...known, held].sort(compareRewritten));
  }

  #forgetRewritten(held: IndexedDigest, digest: Digest): void {
    if (!held.holds(digest)) dropFrom(this.#rewritten, digest, held);
  }
}

function compareRewritten(a: IndexedDigest, b: IndexedDigest): number {
  if (a.sourceDigest !== b.sourceDigest) return a.sourceDigest < b.sourceDigest ? -1 : 1;
  return compareWidth(a, b);
}

function dropFrom(lists: Map<string, readonly IndexedDigest[]> | null, key: string, digest: IndexedDigest): void {
  const rest = lists?.get(key)?.filter((other) => other !== digest) ?? [];
  if (rest.length === 0) lists?.delete(key);
  else lists?.set(key, rest);
}
