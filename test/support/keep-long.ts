import type { RetentionSettings } from '../../src/regions/world.ts';

/** For worlds in which nothing is to be forgotten. */
export const KEEP_LONG: RetentionSettings = {
  uploadsMs: 3_600_000,
  sessionsMs: 1e9,
  pushesMs: 1e9,
  samplesMs: 1e9,
  measurementsMs: 1e9,
  hoursMs: 1e9,
  noticesMs: 1e9,
  usesMs: 1e9,
};
