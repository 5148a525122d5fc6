import type { ReportSeries } from '../report.ts';
import type { RegistryColors } from './registry-colors.ts';
import { linearScale } from './scale.ts';
import { line, px, svg, text } from './svg.ts';

const WIDTH = 460;
const ROW = 26;
const PLOT = { left: 84, right: WIDTH - 22, top: 6 };

/**
 * For one leg: round trips on the idle path (hollow) and while bytes flow (full), the median with a whisker to where
 * 95 % lie within. What lies between the two is queues filling up.
 */
export function latencyChart(all: readonly ReportSeries[], greatest: number, colors: RegistryColors): string {
  const height = PLOT.top + all.length * ROW + 30;
  const bottom = PLOT.top + all.length * ROW;
  const x = linearScale(greatest, { from: PLOT.left, to: PLOT.right });
  const content = [
    ...x.ticks.flatMap((tick) => [
      line([x.at(tick), PLOT.top], [x.at(tick), bottom], 'grid'),
      text(x.at(tick), bottom + 14, `${tick} ms`, { anchor: 'middle' }),
    ]),
    ...all.flatMap((series, row) => {
      const y = PLOT.top + (row + 0.5) * ROW;
      const color = colors(series.registry);
      const mark = (kind: 'idle' | 'loaded', offset: number) => {
        const figures = kind === 'idle' ? series.idleMs : series.loadedMs;
        if (figures === null) return [];
        const fill = kind === 'idle' ? '#fff' : color;
        return [
          `<path d="M${px(x.at(figures.p5))} ${px(y + offset)}H${px(x.at(figures.p95))}" stroke="${color}" stroke-width="1.5"/>`,
          `<circle cx="${px(x.at(figures.p50))}" cy="${px(y + offset)}" r="4" fill="${fill}" stroke="${color}" stroke-width="1.5"/>`,
        ];
      };
      const unknown =
        series.idleMs === null && series.loadedMs === null ? [text(PLOT.left + 6, y + 3.5, 'not probed')] : [];
      return [
        text(PLOT.left - 6, y + 3.5, series.registry, { anchor: 'end' }),
        ...mark('idle', -5),
        ...mark('loaded', 5),
        ...unknown,
      ];
    }),
  ];
  return svg(WIDTH, height, `${all[0]?.leg ?? ''}: round trips, idle and loaded`, content);
}
