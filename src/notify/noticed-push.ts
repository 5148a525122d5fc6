import type { Digest } from '../oci/digest.ts';
import type { PlatformSet } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';

/** A push and its legs, as far as notices tell of them. */
export type NoticedPush = {
  readonly id: string;
  readonly name: string;
  readonly tag: string;
  readonly state: string;
  /** False for what carries or brings back a release that was told already. */
  readonly isRelease: boolean;
  readonly unchanged: boolean;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly legs: readonly NoticedLeg[];
  /** What a push brings back that a registry has lost; null for all others. */
  readonly repairs: NoticedPlacement | null;
};

export type NoticedPlacement = {
  readonly registry: string;
  readonly name: RepositoryName;
  readonly sourceDigest: Digest;
  readonly platformSet: PlatformSet;
};

export type NoticedChoice = {
  readonly subject: string;
  readonly revision: number;
  /** Null for one that was taken back. */
  readonly registry: string | null;
  readonly who: string;
  readonly reason: string | null;
};

export type NoticedLeg = {
  readonly registry: string;
  readonly state: string;
  readonly attempts: number;
  readonly placedAt: number | null;
  readonly error: { readonly code: string; readonly detail: string; readonly at: number } | null;
};

/** What events only name. */
export type NoticeFacts = {
  findPush(id: string): Promise<NoticedPush | undefined>;
  findChoice(subject: string, revision: number): Promise<NoticedChoice | undefined>;
  /** Pushes that have finished since an instant, and those that have not finished; oldest first. */
  changedSince(ms: number): Promise<readonly NoticedPush[]>;
  /** Oldest first. */
  choicesSince(ms: number): Promise<readonly (NoticedChoice & { readonly at: number })[]>;
  /** Was it seen there after an instant, and not lost since? */
  isPlacedSince(placement: NoticedPlacement, ms: number): Promise<boolean>;
};
