import type { Digest } from '../oci/digest.ts';
import { type PlatformSet, platformsIn } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { RegistryList } from './registry-list.ts';

/**
 * A source digest of an image, or some platforms of it, and where that is placed. The same object for as long as a tag
 * means it or a registry holds it. Kept as parallel lists: there may be hundreds of thousands, and resolve reads one at random.
 */
export class IndexedDigest {
  readonly name: RepositoryName;
  readonly sourceDigest: Digest;
  readonly platformSet: PlatformSet;
  /** How many tags mean it now. */
  tags = 0;
  #registries: RegistryList;
  #verifiedAt: readonly number[] = [];
  /** The digest at each registry; null while all hold the source's. */
  #digests: readonly Digest[] | null = null;

  constructor(name: RepositoryName, what: Pick<IndexedDigest, 'sourceDigest' | 'platformSet'>, nowhere: RegistryList) {
    this.name = name;
    this.sourceDigest = what.sourceDigest;
    this.platformSet = what.platformSet;
    this.#registries = nowhere;
  }

  /** The registries that hold it, by name. */
  get registries(): readonly string[] {
    return this.#registries.names;
  }

  get isPlaced(): boolean {
    return this.#registries.names.length > 0;
  }

  /** Where a registry is in `registries`, for `digestAt` and `verifiedAt`; negative when it does not hold this. */
  findPosition(registry: string): number {
    return this.#registries.names.indexOf(registry);
  }

  digestAt(position: number): Digest {
    return this.#digests?.[position] ?? this.sourceDigest;
  }

  /** Milliseconds since the epoch. */
  verifiedAt(position: number): number {
    return this.#verifiedAt[position] ?? 0;
  }

  holds(digest: Digest): boolean {
    return this.isPlaced && (this.#digests?.includes(digest) ?? digest === this.sourceDigest);
  }

  place(registry: string, digest: Digest, verifiedAt: number): void {
    const known = this.findPosition(registry);
    const digests =
      this.#digests ?? (digest === this.sourceDigest ? null : this.registries.map(() => this.sourceDigest));
    this.#registries = this.#registries.with(registry);
    const position = known < 0 ? this.findPosition(registry) : known;
    const replaced = known < 0 ? 0 : 1;
    this.#verifiedAt = this.#verifiedAt.toSpliced(position, replaced, verifiedAt);
    this.#setDigests(digests?.toSpliced(position, replaced, digest) ?? null);
  }

  withdraw(registry: string): void {
    const position = this.findPosition(registry);
    if (position < 0) return;
    this.#registries = this.#registries.without(registry);
    this.#verifiedAt = this.#verifiedAt.toSpliced(position, 1);
    this.#setDigests(this.#digests?.toSpliced(position, 1) ?? null);
  }

  #setDigests(digests: readonly Digest[] | null): void {
    this.#digests = digests?.some((digest) => digest !== this.sourceDigest) ? digests : null;
  }
}

/** Orders what one digest may stand for: the widest first, which all platforms are; between equals the lesser text. */
export function compareWidth(a: IndexedDigest, b: IndexedDigest): number {
  return width(b) - width(a) || (a.platformSet < b.platformSet ? -1 : 1);
}

function width({ platformSet }: IndexedDigest): number {
  return platformsIn(platformSet).length || Number.MAX_SAFE_INTEGER;
}
