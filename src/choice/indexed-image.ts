import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { CurrentPlacement, CurrentRelease } from './release-source.ts';

export type IndexedPlacement = Pick<CurrentPlacement, 'registry' | 'digest' | 'verifiedAt'>;

/** A source digest of an image and where it is placed, at least at one registry. The same object for as long as it is. */
export type PlacedDigest = {
  readonly name: RepositoryName;
  readonly sourceDigest: Digest;
  readonly placements: readonly IndexedPlacement[];
};

type MutablePlacedDigest = PlacedDigest & { placements: IndexedPlacement[] };

/** One image in memory: what its tags mean, and where its digests are. */
export class IndexedImage {
  readonly name: RepositoryName;
  readonly #tags = new Map<string, CurrentRelease>();
  readonly #digests = new Map<string, MutablePlacedDigest>();
  /** Registries' own digests where they differ from the source's; made when there is the first one. */
  #rewritten: Map<string, MutablePlacedDigest[]> | null = null;

  constructor(name: RepositoryName) {
    this.name = name;
  }

  get tags(): ReadonlyMap<string, CurrentRelease> {
    return this.#tags;
  }

  get isEmpty(): boolean {
    return this.#tags.size === 0 && this.#digests.size === 0;
  }

  findPlaced(sourceDigest: Digest): PlacedDigest | undefined {
    return this.#digests.get(sourceDigest);
  }

  /**
   * By the source's digest or, where none has it, by a registry's own. Should two sources have been rewritten to the
   * same digest, the one with the lesser source digest is meant, always.
   */
  findPlacedByAnyDigest(digest: Digest): PlacedDigest | undefined {
    return this.#digests.get(digest) ?? this.#rewritten?.get(digest)?.[0];
  }

  hasPlacement(registry: string, sourceDigest: Digest): boolean {
    return this.#digests.get(sourceDigest)?.placements.some((placement) => placement.registry === registry) ?? false;
  }

  setRelease(release: CurrentRelease): void {
    // One string for equal digests: rows of a database come with a copy each.
    const known = release.digest === null ? undefined : this.#digests.get(release.digest)?.sourceDigest;
    const { name } = this;
    const { tag, digest, pushId, acceptedAt } = release;
    this.#tags.set(tag, { name, tag, digest: known ?? digest, pushId, acceptedAt });
  }

  removeRelease(tag: string): void {
    this.#tags.delete(tag);
  }

  place(placement: CurrentPlacement): void {
    let placed = this.#digests.get(placement.sourceDigest);
    if (placed === undefined) {
      placed = { name: this.name, sourceDigest: placement.sourceDigest, placements: [] };
      this.#digests.set(placed.sourceDigest, placed);
    }
    const { registry, verifiedAt } = placement;
    const digest = placement.digest === placed.sourceDigest ? placed.sourceDigest : placement.digest;
    const at = placed.placements.findIndex((known) => known.registry === registry);
    const before = placed.placements[at];
    if (before === undefined) placed.placements.push({ registry, digest, verifiedAt });
    else placed.placements[at] = { registry, digest, verifiedAt };
    if (before !== undefined && before.digest !== digest) this.#forgetRewritten(placed, before.digest);
    if (digest !== placed.sourceDigest) this.#rememberRewritten(placed, digest);
  }

  withdraw(registry: string, sourceDigest: Digest): void {
    const placed = this.#digests.get(sourceDigest);
    const at = placed?.placements.findIndex((known) => known.registry === registry) ?? -1;
    const [gone] = at < 0 ? [] : (placed?.placements.splice(at, 1) ?? []);
    if (placed === undefined || gone === undefined) return;
    if (placed.placements.length === 0) this.#digests.delete(sourceDigest);
    this.#forgetRewritten(placed, gone.digest);
  }

  #rememberRewritten(placed: MutablePlacedDigest, digest: Digest): void {
    this.#rewritten ??= new Map();
    const known = this.#rewritten.get(digest) ?? [];
    if (known.includes(placed)) return;
    const sorted = [...known, placed].sort((a, b) => (a.sourceDigest < b.sourceDigest ? -1 : 1));
    this.#rewritten.set(digest, sorted);
  }

  #forgetRewritten(placed: MutablePlacedDigest, digest: Digest): void {
    if (placed.placements.some((placement) => placement.digest === digest)) return;
    const rest = this.#rewritten?.get(digest)?.filter((other) => other !== placed);
    if (rest === undefined) return;
    if (rest.length === 0) this.#rewritten?.delete(digest);
    else this.#rewritten?.set(digest, rest);
  }
}
