import { sizeText } from '../../../kernel/figure-text.ts';
import type { Report, ReportSeries, TimePoint } from '../report.ts';
import { failureColor } from './registry-colors.ts';
import { linearScale, timeTicks } from './scale.ts';
import { line, type Point, pathOf, px, svg, text } from './svg.ts';

const [WIDTH, HEIGHT] = [460, 130];
const PLOT = { left: 58, right: WIDTH - 8, top: 8, bottom: HEIGHT - 22 };

/**
 * Goodput of one registry and leg over time: the middle line, and around it smoke where half and where nine tenths of
 * the samples lie. Points are coloured where samples failed. `greatest` makes several charts comparable.
 */
export function smokeChart(series: ReportSeries, report: Report, greatest: number, color: string): string {
  const from = report.from ?? 0;
  const until = Math.max(report.until ?? 0, from + 1);
  const x = (at: number) => PLOT.left + ((at - from) / (until - from)) * (PLOT.right - PLOT.left);
  const y = linearScale(greatest, { from: PLOT.bottom, to: PLOT.top }, 3);
  const half = Math.max(1.5, (x(from + report.stepMs) - x(from)) / 2);
  const runs = findRuns(series.overTime, report.stepMs);
  const content = [
    ...y.ticks.flatMap((tick) => [
      line([PLOT.left, y.at(tick)], [PLOT.right, y.at(tick)], 'grid'),
      text(PLOT.left - 5, y.at(tick) + 3.5, tick === 0 ? '0' : `${sizeText(tick)}/s`, { anchor: 'end' }),
    ]),
    ...timeTicks(from, until, report.timeZone, 5).flatMap(({ at, label }) => [
      line([x(at), PLOT.bottom], [x(at), PLOT.bottom + 4], 'axis'),
      text(x(at), PLOT.bottom + 15, label, { anchor: 'middle' }),
    ]),
    ...runs.flatMap((run) => drawRun(run, x, y.at, half, color)),
    ...series.overTime.flatMap((point) => drawFailures(point, x, y.at, half)),
    line([PLOT.left, PLOT.bottom], [PLOT.right, PLOT.bottom], 'axis'),
  ];
  return svg(WIDTH, HEIGHT, `${series.registry}, ${series.leg}: goodput over time`, content);
}

type Measured = TimePoint & { readonly rate: NonNullable<TimePoint['rate']> };

/** Neighbouring points that have a rate; where nothing was measured there is a gap, not a line. */
function findRuns(points: readonly TimePoint[], stepMs: number): readonly (readonly Measured[])[] {
  const runs: Measured[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { rate, ...point } of points) {
    if (rate === null) continue;
    // One step may be missing: schedules are irregular on purpose.
    if (point.at - last > 2.5 * stepMs) runs.push([]);
    runs.at(-1)?.push({ ...point, rate });
    last = point.at;
  }
  return runs;
}

function drawRun(
  run: readonly Measured[],
  x: (at: number) => number,
  y: (v: number) => number,
  half: number,
  color: string,
) {
  const edge = (pick: (rate: Measured['rate']) => number): Point[] => {
    const points = run.map((point): Point => [x(point.at), y(pick(point.rate))]);
    const [first, end] = [points[0], points.at(-1)];
    if (first === undefined || end === undefined) return [];
    // A lone point gets the width of its step.
    return [[Math.max(PLOT.left, first[0] - half), first[1]], ...points, [Math.min(PLOT.right, end[0] + half), end[1]]];
  };
  const band = (low: Point[], high: Point[], opacity: number) =>
    `<path d="${pathOf([...low, ...high.reverse()])}Z" fill="${color}" fill-opacity="${opacity}"/>`;
  return [
    band(
      edge(({ p5 }) => p5),
      edge(({ p95 }) => p95),
      0.15,
    ),
    band(
      edge(({ p25 }) => p25),
      edge(({ p75 }) => p75),
      0.3,
    ),
    `<path d="${pathOf(edge(({ p50 }) => p50))}" fill="none" stroke="${color}" stroke-width="1.6"/>`,
  ];
}

function drawFailures(point: TimePoint, x: (at: number) => number, y: (v: number) => number, half: number): string[] {
  const color = failureColor(point.failedShare);
  if (color === null) return [];
  const at = point.rate === null ? PLOT.bottom - 3 : y(point.rate.p50);
  return [
    `<circle cx="${px(x(point.at))}" cy="${px(at)}" r="${px(Math.min(3, Math.max(1.8, half)))}" fill="${color}"/>`,
  ];
}
