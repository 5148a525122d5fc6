import { countSamples } from '../../../src/bench/report/figure-set.ts';
import type { HourRow } from '../../../src/bench/report/hour-row.ts';
import type { HourSource } from '../../../src/bench/report/hour-source.ts';

/** Rows in memory as a report reads them. */
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
