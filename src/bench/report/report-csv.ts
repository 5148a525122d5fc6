import type { Quantiles, Report } from './report.ts';

const FIGURES = ['seconds', 'rate', 'idleMs', 'loadedMs', 'jitterMs'] as const;
const SHARES = ['p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95'] as const satisfies readonly (keyof Quantiles)[];

/** A line for each registry and leg (RFC 4180), for spreadsheets. Seconds are for the reference image, rates bytes per second. */
export function reportCsv(report: Report): string {
  const titles = [
    'registry',
    'leg',
    'verdict',
    'payload_bytes',
    'samples',
    'failed',
    'failed_low',
    'failed_high',
    'stalled',
    'suspect',
    'flows_verdict',
    'flows_ratio',
    'flows_sentence',
    ...FIGURES.flatMap((figure) => SHARES.map((share) => `${figure.replace('Ms', '_ms')}_${share}`)),
  ];
  const rows = report.series.map((series) => [
    series.registry,
    series.leg,
    report.recommendation?.ranked.find(({ registry }) => registry === series.registry)?.verdict ?? '',
    report.payloadBytes ?? '',
    series.samples,
    series.failed.share,
    series.failed.low,
    series.failed.high,
    series.stalled.share,
    series.suspect,
    series.flows.verdict,
    series.flows.ratio ?? '',
    series.flows.sentence,
    ...FIGURES.flatMap((figure) => SHARES.map((share) => series[figure]?.[share] ?? '')),
  ]);
  return [titles, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
