/** What is forgotten once it is old, kind by kind. Releases, placements and choices are not among it: they are history. */
export const PRUNED_KINDS = [
  'pushes',
  'samples',
  'measurements',
  'hours',
  'audit',
  'notices',
  'uses',
  'work',
  'locations',
] as const;

export type PrunedKind = (typeof PRUNED_KINDS)[number];

/** Forgets what is old, a little at a time: each call is one short transaction. */
export type RetentionStore = {
  /**
   * Forgets some of the records that are over since before `beforeMs`. `next` is where to go on, null once there is
   * nothing more; records that something still needs stay and are passed over.
   */
  prune(kind: PrunedKind, beforeMs: number, from: string | null): Promise<{ removed: number; next: string | null }>;
  /** When the wall clock was last believed. */
  trustedAt(): Promise<number | undefined>;
  trust(atMs: number): Promise<void>;
};
