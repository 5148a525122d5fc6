import { percentText, ratioText, secondsText, sizeText } from '../kernel/figure-text.ts';
import type { ReportAnswer } from './advice-schema.ts';
import { formatLocalTime } from './instant-text.ts';
import type { Line } from './line.ts';
import { renderFlows } from './render-flows.ts';
import { renderVerdict, verdictCell } from './render-recommendation.ts';
import { shades, sparkline } from './spark.ts';
import { renderTable } from './table.ts';
import type { Texts } from './texts/texts.ts';

const TREND_COLUMNS = 24;

type Series = ReportAnswer['series'][number];

/** A report for a terminal: what is recommended, regions × legs, and two small charts. */
export function renderReport(report: ReportAnswer, texts: Texts): Line[] {
  const { bench } = texts;
  const { recommendation, series, samples, sizes, payloadBytes, from, until } = report;
  const verdict = recommendation === null ? [] : [...renderVerdict(recommendation, texts), ''];
  if (series.length === 0 || payloadBytes === null) return [...verdict, bench.nothingMeasured];
  const others = sizes.filter((size) => size.payloadBytes !== payloadBytes).map((size) => sizeText(size.payloadBytes));
  const period = bench.period(formatLocalTime(from), formatLocalTime(until), samples, sizeText(payloadBytes), others);
  const sent = report.sending === null ? [] : ['', report.sending.sentence];
  return [
    ...verdict,
    period,
    ...renderFigures(report, bench),
    ...renderFlows(report, texts),
    ...sent,
    '',
    ...renderHours(report, bench),
  ];
}

function renderFigures({ series, referenceBytes, recommendation }: ReportAnswer, bench: Texts['bench']): Line[] {
  const { columns } = bench;
  const right = (title: string) => ({ title, align: 'right' as const });
  const titles = [
    { title: columns.registry },
    { title: columns.leg },
    right(columns.samples),
    right(columns.takes(sizeText(referenceBytes))),
    right(columns.within),
    right(columns.goodput),
    right(columns.p10),
    right(columns.variation),
    right(columns.jitter),
    right(columns.failed),
    right(columns.stalled),
    { title: columns.trend },
    { title: columns.verdict },
  ];
  const greatest = new Map<string, number>();
  for (const { leg, overTime } of series)
    for (const { rate } of overTime) greatest.set(leg, Math.max(greatest.get(leg) ?? 0, rate?.p50 ?? 0));
  const rows = series.map((one, at) => {
    const { registry, leg, seconds, rate, jitterMs, failed, stalled } = one;
    const isFirst = series[at - 1]?.registry !== registry;
    const verdict = recommendation?.ranked.find((ranked) => ranked.registry === registry)?.verdict;
    return [
      isFirst ? registry : '',
      bench.legs[leg] ?? leg,
      String(one.samples),
      seconds === null ? '' : secondsText(seconds.p50),
      seconds === null ? '' : secondsText(seconds.p95),
      rate === null ? '' : `${sizeText(rate.p50)}/s`,
      rate === null ? '' : `${sizeText(rate.p10)}/s`,
      rate === null ? '' : percentText((rate.p75 - rate.p25) / (rate.p75 + rate.p25)),
      jitterMs === null ? '' : `${ratioText(jitterMs.p50)} ms`,
      percentText(failed.share),
      percentText(stalled.share),
      trend(one, greatest.get(leg) ?? 0),
      isFirst && verdict !== undefined ? verdictCell(verdict, bench) : '',
    ];
  });
  return renderTable(titles, rows);
}

function trend({ overTime }: Series, greatest: number): string {
  const rates = overTime.map(({ rate }) => rate?.p50 ?? null);
  return sparkline(rates, greatest, TREND_COLUMNS);
}

/** The 24 hours of the day, the darker the slower, on one scale. */
function renderHours({ series, timeZone }: ReportAnswer, bench: Texts['bench']): Line[] {
  const known = series.flatMap(({ byHour }) => byHour.flatMap(({ p90 }) => p90 ?? []));
  if (known.length === 0) return [];
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  const rows = series.map(({ registry, leg, byHour }, at) => [
    series[at - 1]?.registry === registry ? '' : registry,
    bench.legs[leg] ?? leg,
    shades(
      byHour.map(({ p90 }) => p90),
      least,
      greatest,
    ),
    worstHour(byHour, bench),
  ]);
  const { columns } = bench;
  const titles = [
    { title: columns.registry },
    { title: columns.leg },
    { title: columns.hours },
    { title: columns.worstHour },
  ];
  return [bench.hours(timeZone, secondsText(least), secondsText(greatest)), ...renderTable(titles, rows)];
}

function worstHour(byHour: Series['byHour'], bench: Texts['bench']): string {
  const worst = byHour.reduce<Series['byHour'][number] | null>(
    (found, point) => ((point.p90 ?? 0) > (found?.p90 ?? 0) ? point : found),
    null,
  );
  return worst?.p90 == null ? '' : bench.worstHour(String(worst.hour).padStart(2, '0'), secondsText(worst.p90));
}
