import { percentText, secondsText } from '../../../kernel/figure-text.ts';
import type { ReportSeries } from '../report.ts';
import type { RegistryColors } from './registry-colors.ts';
import { logScale, SECOND_TICKS } from './scale.ts';
import { line, px, svg, text } from './svg.ts';

const [WIDTH, HEIGHT] = [460, 230];
const PLOT = { left: 44, right: WIDTH - 22, top: 10, bottom: HEIGHT - 36 };

/** For one leg: the share of samples that were done within each time. The steeper and the further left the better. */
export function distributionChart(
  all: readonly ReportSeries[],
  span: { readonly least: number; readonly greatest: number },
  colors: RegistryColors,
): string {
  const x = logScale(span.least, span.greatest, { from: PLOT.left, to: PLOT.right }, SECOND_TICKS);
  const y = (share: number) => PLOT.bottom - share * (PLOT.bottom - PLOT.top);
  const content = [
    ...[0, 0.25, 0.5, 0.75, 0.95, 1].flatMap((share) => [
      line([PLOT.left, y(share)], [PLOT.right, y(share)], 'grid'),
      text(PLOT.left - 5, y(share) + 3.5, percentText(share), { anchor: 'end' }),
    ]),
    ...x.ticks.flatMap((tick) => [
      line([x.at(tick), PLOT.top], [x.at(tick), PLOT.bottom], 'grid'),
      text(x.at(tick), PLOT.bottom + 14, secondsText(tick).replace('.0 s', ' s'), { anchor: 'middle' }),
    ]),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 5, 'done within', { anchor: 'middle' }),
    ...all.map((series) => {
      const last = series.distribution.length - 1;
      const steps = series.distribution.map(
        (seconds, at) =>
          `${at === 0 ? 'M' : 'H'}${px(x.at(seconds))}${at === 0 ? ' ' : 'V'}${px(y(at / Math.max(1, last)))}`,
      );
      return `<path d="${steps.join('')}" fill="none" stroke="${colors(series.registry)}" stroke-width="2" stroke-linejoin="round"/>`;
    }),
    line([PLOT.left, PLOT.bottom], [PLOT.right, PLOT.bottom], 'axis'),
  ];
  return svg(WIDTH, HEIGHT, `${all[0]?.leg ?? ''}: cumulative distribution of times`, content);
}
