import type { RoundTrips } from '../sample.ts';
import { quantileOfSorted, sortNumbers } from '../statistics/quantile.ts';

/**
 * What a series of round trips says; null stands for a probe that was not answered in time. Null for a series without
 * any answer. Lost probes part the series: differences are taken of neighbours that were both answered.
 */
export function summariseRoundTrips(series: readonly (number | null)[]): RoundTrips | null {
  const ascending = sortNumbers(series.filter((value) => value !== null));
  const [min, max] = [ascending[0], ascending.at(-1)];
  if (min === undefined || max === undefined) return null;
  const differences = series.flatMap((value, position) => {
    const before = series[position - 1];
    return value === null || before == null ? [] : [Math.abs(value - before)];
  });
  // RFC 3550, 6.4.1: J += (|D| - J) / 16.
  const jitterRfc3550 = differences.reduce((jitter, difference) => jitter + (difference - jitter) / 16, 0);
  const p95 = quantileOfSorted(ascending, 0.95);
  return {
    sent: series.length,
    lost: series.length - ascending.length,
    min,
    p50: quantileOfSorted(ascending, 0.5),
    p95,
    max,
    jitterRfc3550,
    meanDifference:
      differences.length === 0 ? 0 : differences.reduce((sum, each) => sum + each, 0) / differences.length,
    variationP95: p95 - min,
  };
}
