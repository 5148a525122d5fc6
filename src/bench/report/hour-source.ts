import type { HourRow } from './hour-row.ts';

/** The hours of one size of payload, told before they are read. */
export type HourSize = {
  readonly payloadBytes: number;
  readonly samples: number;
  /** When the first and the last of its hours begin. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Different registries and legs. */
  readonly series: number;
};

export type ReportedHour = Pick<HourRow, 'registry' | 'leg' | 'hourAt' | 'figures'>;

/** The hours that a report is about. They are many, so they are gone through one by one. */
export type HourSource = {
  /** Ascending. */
  readonly sizes: readonly HourSize[];
  rows(payloadBytes: number): Iterable<ReportedHour>;
};
