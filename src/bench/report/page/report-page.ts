import { percentText, sizeText } from '../../../kernel/figure-text.ts';
import type { PathLeg } from '../../recommend/measurement.ts';
import type { Recommendation } from '../../recommend/recommendation.ts';
import type { Report, ReportSeries } from '../report.ts';
import { distributionChart } from './distribution-chart.ts';
import { flowTable } from './flow-table.ts';
import { heatColor, hourMap } from './hour-map.ts';
import { latencyChart } from './latency-chart.ts';
import { PAGE_STYLE } from './page-style.ts';
import { FAILURE_STEPS, type RegistryColors, registryColors } from './registry-colors.ts';
import { smokeChart } from './smoke-chart.ts';
import { stabilityChart } from './stability-chart.ts';
import { summaryTable } from './summary-table.ts';
import { escapeText } from './svg.ts';

const LEGS: readonly PathLeg[] = ['upload', 'download'];
const LEG_TITLES: Readonly<Record<PathLeg, string>> = {
  upload: 'Up: CI to the registry',
  download: 'Down: the registry to the clusters',
};

/** The report as one HTML file that needs nothing else: no script, nothing fetched, readable in a mail and on paper. */
export function reportPage(report: Report): string {
  const colors = registryColors(
    [...report.series, ...(report.recommendation?.ranked ?? [])].map(({ registry }) => registry),
  );
  const title = report.campaign === null ? 'Benchmark of the relay regions' : `Benchmark ${report.campaign}`;
  const body = [
    `<h1>${escapeText(title)}</h1>`,
    `<p class="about">${escapeText(aboutText(report))}</p>`,
    report.recommendation === null ? '' : verdictBox(report.recommendation),
    report.sending === null ? '' : `<p class="sending">${escapeText(report.sending.sentence)}</p>`,
    report.series.length === 0 ? '<p>Nothing was measured yet.</p>' : charts(report, colors),
  ];
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeText(title)}</title><style>${PAGE_STYLE}</style></head><body>\n${body.join('\n')}\n</body></html>\n`;
}

function aboutText({ from, until, timeZone, samples, sizes, payloadBytes }: Report): string {
  if (from === null || until === null || payloadBytes === null) return '';
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'medium', timeStyle: 'short' });
  const count = new Intl.NumberFormat('en-GB').format(samples);
  const others = sizes.filter((size) => size.payloadBytes !== payloadBytes).map((size) => sizeText(size.payloadBytes));
  const what = samples === 1 ? `sample of ${sizeText(payloadBytes)}` : `samples of ${sizeText(payloadBytes)} each`;
  return `${format.format(from)} to ${format.format(until)}, times are of ${timeZone}. ${count} ${what}.${others.length === 0 ? '' : ` Also measured: ${others.join(', ')}.`}`;
}

function verdictBox(recommendation: Recommendation): string {
  const { state, registry, confidence, site, reasons, missing } = recommendation;
  const heading =
    registry === null
      ? `No registry can be recommended for ${site}`
      : `${state === 'provisional' ? 'Provisional: ' : 'Recommended for '}${state === 'provisional' ? `${registry} for ${site}` : `${site}: ${registry}`}`;
  const list = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`;
  const lacking = missing.length === 0 ? '' : `<p>A decision still needs more:</p>${list(missing)}`;
  const sure = registry === null ? '' : ` · confidence ${confidence}`;
  return `<div class="verdict ${state}"><strong>${escapeText(heading)}</strong>${sure}${list(reasons)}${lacking}</div>`;
}

function charts(report: Report, colors: RegistryColors): string {
  const size = sizeText(report.referenceBytes);
  const times = span(report.series.flatMap(({ distribution }) => distribution));
  const hours = span(report.series.flatMap(({ byHour }) => byHour.flatMap(({ p90 }) => p90 ?? [])));
  const latency = Math.max(
    1,
    ...report.series.flatMap(({ idleMs, loadedMs }) => [idleMs?.p95 ?? 0, loadedMs?.p95 ?? 0]),
  );
  const greatest = (leg: PathLeg) =>
    Math.max(1, ...ofLeg(report, leg).flatMap(({ overTime }) => overTime.map(({ rate }) => rate?.p95 ?? 0)));
  return [
    section(
      'The figures',
      'Up is the way from CI to the registry, down from there to the clusters. Times count a failed transfer at the deadline. Variation is half the middle half of all samples, relative to its middle.',
      summaryTable(report, colors),
    ),
    stabilitySection(report, size, colors),
    flowSection(report),
    section(
      `How long ${size} takes`,
      'The share of transfers that are done within a time. A steep line is a steady registry, a line further left a faster one; one that leans over to the right has bad hours.',
      legend(report, colors) + pair((leg) => distributionChart(ofLeg(report, leg), times, colors), report),
    ),
    section(
      'By hour of the day',
      `What 90 % of the transfers of ${size} stay within, at each hour (${report.timeZone}).`,
      hourLegend(hours) + pair((leg) => hourMap(ofLeg(report, leg), hours), report),
    ),
    section(
      'Latency',
      'Round trips on the idle path (hollow) and while bytes flow (full): the median, and the span of 90 % of them.',
      pair((leg) => latencyChart(ofLeg(report, leg), latency, colors), report),
    ),
    section(
      'Goodput over time',
      'The line is the median, the darker smoke holds half of the samples, the lighter nine tenths. Narrow smoke is steady.',
      failureLegend() + smokes(report, greatest, colors),
      'long',
    ),
  ].join('\n');
}

function stabilitySection({ recommendation }: Report, size: string, colors: RegistryColors): string {
  const chart = recommendation === null ? undefined : stabilityChart(recommendation, colors);
  if (recommendation === null || chart === undefined) return '';
  const chance = percentText(recommendation.rule.stabilityChance);
  const about = `How long ${size} takes up and down together, at the median (lower is faster), and how far the slowest lie from that (further left is steadier). Steady enough is who stands in the green band or, on other days drawn from the same, would with a probability of ${chance} or more; of those the lowest wins. Hollow: fails too often to be considered.`;
  return section('Stability first, then speed', about, `<div class="scroll wide">${chart}</div>`);
}

function flowSection(report: Report): string {
  const table = flowTable(report);
  if (table === undefined) return '';
  const about =
    'Uploads over one connection and over eight, with cubic congestion control. Eight that share what one has are capped: only fewer bytes help. Eight that are many times as fast were held up one by one, by loss: more connections help. It has no part in the recommendation.';
  return section('One connection against eight', about, table);
}

function section(title: string, about: string, content: string, kind = ''): string {
  return `<section class="${kind}"><h2>${escapeText(title)}</h2><p class="about">${escapeText(about)}</p>${content}</section>`;
}

function ofLeg({ series }: Report, leg: PathLeg): readonly ReportSeries[] {
  return series.filter((one) => one.leg === leg);
}

/** Up and down side by side. */
function pair(draw: (leg: PathLeg) => string, report: Report): string {
  const halves = LEGS.map(
    (leg) =>
      `<div><h3>${LEG_TITLES[leg]}</h3>${ofLeg(report, leg).length === 0 ? '<p class="about">Not measured.</p>' : draw(leg)}</div>`,
  );
  return `<div class="pair">${halves.join('')}</div>`;
}

function smokes(report: Report, greatest: (leg: PathLeg) => number, colors: RegistryColors): string {
  const tops = new Map(LEGS.map((leg) => [leg, greatest(leg)]));
  const registries = [...new Set(report.series.map(({ registry }) => registry))];
  const cells = registries.flatMap((registry) =>
    LEGS.map((leg) => {
      const series = report.series.find((one) => one.registry === registry && one.leg === leg);
      const chart =
        series === undefined
          ? '<p class="about">Not measured.</p>'
          : smokeChart(series, report, tops.get(leg) ?? 1, colors(registry));
      return `<div><h3>${escapeText(registry)}, ${leg === 'upload' ? 'up' : 'down'}</h3>${chart}</div>`;
    }),
  );
  return `<div class="pair">${cells.join('')}</div>`;
}

function legend({ series }: Report, colors: RegistryColors): string {
  const registries = [...new Set(series.map(({ registry }) => registry))];
  const items = registries.map(
    (registry) =>
      `<span><span class="swatch" style="background:${colors(registry)}"></span>${escapeText(registry)}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}

function failureLegend(): string {
  return `<div class="legend">${FAILURE_STEPS.map(failureItem).join('')}</div>`;
}

function failureItem({ color, label }: (typeof FAILURE_STEPS)[number]): string {
  return `<span><span class="dot" style="background:${color}"></span>${label}</span>`;
}

function hourLegend({ least, greatest }: { least: number; greatest: number }): string {
  const items = [0, 0.5, 1].map((share) => {
    const style = `background:${heatColor(share)};outline:1px solid #ccc`;
    const seconds = hourSeconds(least * (greatest / least) ** share);
    return `<span><span class="swatch" style="${style}"></span>${seconds}</span>`;
  });
  const failures = FAILURE_STEPS.filter(({ above }) => above > 0).map(failureItem);
  return `<div class="legend">${[...items, ...failures].join('')}</div>`;
}

function hourSeconds(seconds: number): string {
  return seconds < 180 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function span(values: readonly number[]): { least: number; greatest: number } {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return { least: 1, greatest: 2 };
  const least = positive.reduce((a, b) => Math.min(a, b));
  return {
    least,
    greatest: Math.max(
      positive.reduce((a, b) => Math.max(a, b)),
      least * 1.01,
    ),
  };
}
