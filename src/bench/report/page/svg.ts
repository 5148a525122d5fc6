/** Text that may stand in HTML and SVG, in elements and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A coordinate to a tenth of a pixel: reports hold thousands of them. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export type Point = readonly [x: number, y: number];

export function pathOf(points: readonly Point[]): string {
  return points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
}

export function svg(width: number, height: number, label: string, content: readonly string[]): string {
  const head = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(label)}">`;
  return `${head}${content.join('')}</svg>`;
}

export function text(x: number, y: number, content: string, options: { anchor?: string; kind?: string } = {}): string {
  const { anchor = 'start', kind = 'label' } = options;
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" class="${kind}">${escapeText(content)}</text>`;
}

export function line(from: Point, to: Point, kind: string): string {
  return `<path d="${pathOf([from, to])}" class="${kind}"/>`;
}
