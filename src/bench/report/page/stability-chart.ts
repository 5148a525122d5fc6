import { ratioText, secondsText } from '../../../kernel/figure-text.ts';
import type { RankedRegistry, Recommendation } from '../../recommend/recommendation.ts';
import type { RegistryColors } from './registry-colors.ts';
import { logScale } from './scale.ts';
import { line, px, svg, text } from './svg.ts';

const [WIDTH, HEIGHT] = [940, 230];
const PLOT = { left: 62, right: WIDTH - 20, top: 10, bottom: HEIGHT - 36 };
/** What a line of text and one of its characters take. */
const [LINE, CHARACTER] = [11, 5.5];
const RADIUS = 6;
const MEDIAN_TICKS = [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1_200, 1_800];
const INDEX_TICKS = [1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100];

type Measured = RankedRegistry & { readonly figures: NonNullable<RankedRegistry['figures']> };

/**
 * The rule in one picture: each registry by its stability index (to the left is steady) and by its median (down is
 * fast). Whoever stands in the band is steady enough; of those the lowest wins. Hollow is what did not pass the gate.
 * Undefined without figures.
 */
export function stabilityChart({ ranked, rule }: Recommendation, colors: RegistryColors): string | undefined {
  const measured = ranked.filter((one): one is Measured => one.figures !== null);
  if (measured.length === 0) return undefined;
  const indexes = measured.map(({ figures }) => figures.stabilityIndex);
  const medians = measured.map(({ figures }) => figures.p50);
  const x = logScale(1, Math.max(...indexes) * 1.1, { from: PLOT.left, to: PLOT.right }, INDEX_TICKS);
  const span = { from: PLOT.bottom, to: PLOT.top };
  const y = logScale(Math.min(...medians) * 0.8, Math.max(...medians) * 1.25, span, MEDIAN_TICKS);
  const passed = measured.filter(({ gate }) => gate.obstacle === null);
  const best = Math.min(...(passed.length > 0 ? passed : measured).map(({ figures }) => figures.stabilityIndex));
  const edge = Math.min(PLOT.right, x.at(best * rule.stabilityBand));
  const content = [
    `<rect x="${PLOT.left}" y="${PLOT.top}" width="${px(edge - PLOT.left)}" height="${PLOT.bottom - PLOT.top}" class="band"/>`,
    ...x.ticks.flatMap((tick) => [
      line([x.at(tick), PLOT.top], [x.at(tick), PLOT.bottom], 'grid'),
      text(x.at(tick), PLOT.bottom + 14, `${tick} ×`, { anchor: 'middle' }),
    ]),
    ...y.ticks.flatMap((tick) => [
      line([PLOT.left, y.at(tick)], [PLOT.right, y.at(tick)], 'grid'),
      text(PLOT.left - 5, y.at(tick) + 3.5, secondsText(tick), { anchor: 'end' }),
    ]),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 5, '95 % are done within so many times the median', {
      anchor: 'middle',
    }),
    ...drawMarks(measured, x.at, y.at, colors),
    line([PLOT.left, PLOT.bottom], [PLOT.right, PLOT.bottom], 'axis'),
  ];
  return svg(WIDTH, HEIGHT, 'stability and speed of each registry', content);
}

/**
 * A mark for each registry, and beside it what it stands for: to the right where that fits and hides no other mark, below
 * each other where marks are too near.
 */
function drawMarks(
  measured: readonly Measured[],
  x: (index: number) => number,
  y: (seconds: number) => number,
  colors: RegistryColors,
): string[] {
  const marks = measured
    .map((one) => ({ ...one, cx: x(one.figures.stabilityIndex), cy: y(one.figures.p50) }))
    .toSorted((a, b) => a.cy - b.cy);
  let lowest = Number.NEGATIVE_INFINITY;
  const labels = marks.map((mark) => {
    const { registry, figures, cx, cy } = mark;
    const label = `${registry}, ${secondsText(figures.p50)}, ${ratioText(figures.stabilityIndex)} ×`;
    const width = label.length * CHARACTER;
    lowest = Math.max(lowest + LINE, cy + 3.5);
    const isFree = (left: number) =>
      left >= PLOT.left &&
      left + width < WIDTH &&
      marks.every(
        (other) =>
          other === mark ||
          Math.abs(other.cy + 3.5 - lowest) > LINE ||
          other.cx + RADIUS < left ||
          other.cx - RADIUS > left + width,
      );
    const [toRight, toLeft] = [cx + 10, cx - 10 - width];
    const isRight = isFree(toRight) || (!isFree(toLeft) && toRight + width < WIDTH);
    return text(isRight ? toRight : cx - 10, lowest, label, { anchor: isRight ? 'start' : 'end', kind: 'mark' });
  });
  const circles = marks.map(({ registry, gate, cx, cy }) => {
    const fill = gate.obstacle === null ? colors(registry) : '#fff';
    return `<circle cx="${px(cx)}" cy="${px(cy)}" r="${RADIUS}" fill="${fill}" stroke="${colors(registry)}" stroke-width="2"/>`;
  });
  return [...labels, ...circles];
}
