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
};

export type NoticedLeg = {
  readonly registry: string;
  readonly state: string;
  readonly attempts: number;
  readonly placedAt: number | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
};

/** What events only name. */
export type NoticeFacts = {
  findPush(id: string): Promise<NoticedPush | undefined>;
  /** `registry` is null for a choice that was taken back. */
  findChoice(
    subject: string,
    revision: number,
  ): Promise<{ readonly registry: string | null; readonly who: string; readonly reason: string | null } | undefined>;
};
