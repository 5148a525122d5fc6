import { countSamples } from './figure-set.ts';
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

export function hourSource(rows: readonly HourRow[]): HourSource {
  const bySize = Map.groupBy(rows, ({ payloadBytes }) => payloadBytes);
  return {
    sizes: [...bySize]
      .sort(([a], [b]) => a - b)
      .map(([payloadBytes, members]) => ({
        payloadBytes,
        samples: members.reduce((sum, { figures }) => sum + countSamples(figures), 0),
        firstAt: members.reduce((least, { hourAt }) => Math.min(least, hourAt), Number.POSITIVE_INFINITY),
        lastAt: members.reduce((greatest, { hourAt }) => Math.max(greatest, hourAt), 0),
        series: new Set(members.map(({ registry, leg }) => `${leg} ${registry}`)).size,
      })),
    rows: (payloadBytes) => bySize.get(payloadBytes) ?? [],
  };
}
