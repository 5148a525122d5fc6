import type { Digest } from '../oci/digest.ts';
import type { PlatformSet } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';

/** What a tag means now. `digest` is null until the source of the push has said it. */
export type CurrentRelease = {
  readonly name: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest | null;
  /** What of it the push carries. */
  readonly platformSet: PlatformSet;
  readonly pushId: string;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
};

/** A digest seen complete and verified at a registry: all of what its push was to carry. */
export type CurrentPlacement = {
  readonly registry: string;
  readonly name: RepositoryName;
  readonly sourceDigest: Digest;
  readonly platformSet: PlatformSet;
  /** The digest at this registry; differs from the source's where the manifest was rewritten. */
  readonly digest: Digest;
  /** Milliseconds since the epoch. */
  readonly verifiedAt: number;
};

/**
 * Where the answers kept in memory are read from, and asked again when a push is withdrawn. What is gone through without
 * waiting in between is of one moment.
 */
export type ReleaseSource = {
  /** The names of all images in their order, some after `after` at a time; none where there are no more. */
  imageNames(after: string): readonly RepositoryName[];
  currentReleases(name: RepositoryName): Iterable<CurrentRelease>;
  currentPlacements(name: RepositoryName): Iterable<CurrentPlacement>;
  findRelease(name: RepositoryName, tag: Tag): Promise<CurrentRelease | undefined>;
};
