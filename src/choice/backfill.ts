import type { Digest } from '../oci/digest.ts';
import type { PlatformSet } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { BackfillProgress } from './choices.ts';

/** One release to be carried to another registry. */
export type BackfillRelease = {
  readonly name: RepositoryName;
  /** Null for a digest that a cluster resolved lately and that no tag means any more. */
  readonly tag: Tag | null;
  readonly digest: Digest;
  readonly platformSet: PlatformSet;
  /** When the push was accepted that gave the tag this meaning, milliseconds since the epoch; null without a tag. */
  readonly acceptedAt: number | null;
};

export type BackfillRequest = {
  readonly subject: string;
  readonly revision: number;
  /** What the pushes are to name as theirs, `choice:<subject>#<revision>`. */
  readonly origin: string;
  readonly registry: string;
  /** Newest first, each once. */
  readonly releases: readonly BackfillRelease[];
};

/** Carrying releases to a registry that a choice moved to; done elsewhere, asked for here. */
export type Backfill = {
  /**
   * Begins carrying; resolves when that is durable, not when it is done. May be asked again for the same origin, image,
   * tag, digest and registry, after a restart for instance, and then begins nothing a second time.
   */
  start(request: BackfillRequest): Promise<void>;
  /** How far all that was begun for an origin has come. */
  progress(origin: string): Promise<BackfillProgress>;
};
