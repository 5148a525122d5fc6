import { percentText, ratioText, secondsText, sizeText } from '../../../kernel/figure-text.ts';
import type { Report, ReportSeries } from '../report.ts';
import type { RegistryColors } from './registry-colors.ts';
import { escapeText } from './svg.ts';
import { VERDICT_WORDS } from './verdict-words.ts';

/** Regions × legs, a row each, as the terminal shows them. */
export function summaryTable(report: Report, colors: RegistryColors): string {
  const size = sizeText(report.referenceBytes);
  const titles = [
    'Registry',
    'Leg',
    'Samples',
    `${size} takes`,
    '95 % within',
    'Goodput',
    'p10',
    'Variation',
    'Jitter',
    'Idle / loaded',
    'Failed',
    'Stalled',
    'Verdict',
  ];
  const head = titles.map(
    (title, at) => `<th${at < 2 || at === titles.length - 1 ? ' class="left"' : ''}>${title}</th>`,
  );
  const rows = report.series.map((series, at) =>
    row(series, report, at === 0 || report.series[at - 1]?.registry !== series.registry, colors),
  );
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function row(series: ReportSeries, report: Report, isFirst: boolean, colors: RegistryColors): string {
  const { seconds, rate, jitterMs, idleMs, loadedMs } = series;
  const verdict = report.recommendation?.ranked.find(({ registry }) => registry === series.registry)?.verdict;
  const swatch = `<span class="swatch" style="background:${colors(series.registry)}"></span>`;
  const cells = [
    isFirst ? `${swatch}${escapeText(series.registry)}` : '',
    series.leg === 'upload' ? 'up' : 'down',
    String(series.samples),
    seconds === null ? '–' : secondsText(seconds.p50),
    seconds === null ? '–' : secondsText(seconds.p95),
    rate === null ? '–' : `${sizeText(rate.p50)}/s`,
    rate === null ? '–' : `${sizeText(rate.p10)}/s`,
    rate === null ? '–' : percentText((rate.p75 - rate.p25) / (rate.p75 + rate.p25)),
    jitterMs === null ? '–' : `${ratioText(jitterMs.p50)} ms`,
    idleMs === null && loadedMs === null ? '–' : `${milliseconds(idleMs)} / ${milliseconds(loadedMs)} ms`,
    percentText(series.failed.share),
    percentText(series.stalled.share),
    isFirst && verdict !== undefined ? VERDICT_WORDS[verdict] : '',
  ];
  const left = (at: number) => (at === 1 || at === cells.length - 1 ? ' class="left"' : '');
  return `<tr${isFirst ? ' class="first"' : ''}>${cells.map((cell, at) => `<td${left(at)}>${cell}</td>`).join('')}</tr>`;
}

function milliseconds(figures: { readonly p50: number } | null): string {
  return figures === null ? '–' : figures.p50.toFixed(0);
}
