import type { BackfillRelease } from './backfill.ts';

/**
 * Looks again at releases that a registry is believed to hold, newest first, and withdraws what is gone; done
 * elsewhere, asked for before a choice moves there. Resolves after a bounded time whatever the registry does, and
 * fails nobody.
 */
export type PlacementCheck = (registry: string, releases: readonly BackfillRelease[]) => Promise<void>;
