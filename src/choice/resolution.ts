import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';

export type ResolveRequest = {
  /** `name:tag`, or `name@digest` with the source's digest or a registry's own. */
  readonly image: string;
  readonly cluster: string;
};

/** Where a cluster pulls an image from, by digest. Instants are milliseconds since the epoch. */
export type Resolution = {
  /** `host/repository@digest` as the cluster's container runtime takes it. */
  readonly reference: string;
  readonly name: RepositoryName;
  readonly registry: string;
  readonly region: string;
  readonly digest: Digest;
  readonly sourceDigest: Digest;
  readonly tag: Tag | null;
  readonly state: 'home' | 'chosen' | 'fallback';
  /** One sentence whenever the first of the order was not taken. */
  readonly reason: string | null;
  readonly choice: { readonly registry: string; readonly revision: number } | null;
  readonly verifiedAt: number;
  /** As of when this answer was true: now, for the service itself. */
  readonly asOf: number;
  /** The push that is bringing the release to where it should be, while that is under way. */
  readonly push: string | null;
  readonly alternatives: readonly ResolutionAlternative[];
};

export type ResolutionAlternative = {
  readonly reference: string;
  readonly registry: string;
  readonly region: string;
  readonly verifiedAt: number;
};

/** Answering where to pull. All from memory, without waiting on anything. */
export type Resolves = {
  /** Throws `validation_failed`, `cluster_unknown`, `image_unknown`, `tag_unknown`, `digest_unknown`, `not_placed` (with `push`). */
  resolve(request: ResolveRequest): Resolution;
  /** Waits until the answer's state is `chosen` or `home`, at most `timeoutMs`, then answers whatever is true. */
  resolveWaiting(request: ResolveRequest, timeoutMs: number, signal: AbortSignal): Promise<Resolution>;
};
