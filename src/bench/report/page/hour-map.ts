import { secondsText } from '../../../kernel/figure-text.ts';
import type { HourPoint, ReportSeries } from '../report.ts';
import { failureColor } from './registry-colors.ts';
import { escapeText, px, svg, text } from './svg.ts';

const WIDTH = 460;
const [LEFT, CELL, ROW] = [84, (WIDTH - 84 - 4) / 24, 24];

/**
 * For one leg: what 90 % of the samples of each hour of the day stay within. The darker the slower, on one scale for
 * all maps of a page; a dot says that more than 10 % failed, an empty cell that there are none.
 */
export function hourMap(
  all: readonly ReportSeries[],
  span: { readonly least: number; readonly greatest: number },
): string {
  const height = all.length * ROW + 22;
  const content = [
    ...all.flatMap((series, row) => [
      text(LEFT - 6, row * ROW + 16, series.registry, { anchor: 'end' }),
      ...series.byHour.map((point) => cell(point, row * ROW, span)),
    ]),
    ...[0, 3, 6, 9, 12, 15, 18, 21].map((hour) =>
      text(LEFT + hour * CELL, all.length * ROW + 14, `${String(hour).padStart(2, '0')}:00`),
    ),
  ];
  return svg(WIDTH, height, `${all[0]?.leg ?? ''}: times by hour of the day`, content);
}

function cell(
  { hour, samples, failedShare, p90 }: HourPoint,
  y: number,
  span: { least: number; greatest: number },
): string {
  const x = LEFT + hour * CELL;
  const box = `x="${px(x + 0.5)}" y="${px(y + 1)}" width="${px(CELL - 1)}" height="${ROW - 2}"`;
  if (p90 === null) return `<rect ${box} class="empty"/>`;
  const range = Math.log(span.greatest / span.least);
  const share = range <= 0 ? 0 : Math.log(p90 / span.least) / range;
  const title = `${String(hour).padStart(2, '0')}:00, 90 % within ${secondsText(p90)}, ${samples} ${samples === 1 ? 'sample' : 'samples'}`;
  const failed = failedShare > 0.1 ? failureColor(failedShare) : null;
  const dot =
    failed === null
      ? ''
      : `<circle cx="${px(x + CELL / 2)}" cy="${px(y + ROW / 2)}" r="3" fill="${failed}" stroke="#fff"/>`;
  return `<rect ${box} fill="${heatColor(share)}"><title>${escapeText(title)}</title></rect>${dot}`;
}

/** From pale to dark blue, so that a copy in grey keeps the order. */
export function heatColor(share: number): string {
  const stops = [
    [240, 246, 252],
    [158, 197, 230],
    [66, 133, 190],
    [8, 48, 107],
  ];
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const [low, high] = [stops[Math.floor(at)] ?? [], stops[Math.ceil(at)] ?? []];
  const mix = low.map((value, channel) => Math.round(value + ((high[channel] ?? value) - value) * (at % 1)));
  return `rgb(${mix.join(' ')})`;
}
