const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SHADES = ['░', '▒', '▓', '█'];
const NOTHING = '·';

/** Values as a line of small bars from nothing to `greatest`, joined to at most `columns`; a dot where there is none. */
export function sparkline(values: readonly (number | null)[], greatest: number, columns: number): string {
  const width = Math.min(columns, values.length);
  return Array.from({ length: width }, (_, at) => {
    const part = values.slice(Math.floor((at * values.length) / width), Math.floor(((at + 1) * values.length) / width));
    const known = part.flatMap((value) => value ?? []);
    if (known.length === 0) return NOTHING;
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    return step(BARS, greatest <= 0 ? 0 : mean / greatest);
  }).join('');
}

/** Values as cells, the darker the greater, on a scale of ratios; a dot where there is none. */
export function shades(values: readonly (number | null)[], least: number, greatest: number): string {
  const range = Math.log(greatest / least);
  return values
    .map((value) => (value === null ? NOTHING : step(SHADES, range > 0 ? Math.log(value / least) / range : 0)))
    .join('');
}

function step(steps: readonly string[], share: number): string {
  const at = Math.min(steps.length - 1, Math.max(0, Math.floor(share * steps.length)));
  return steps[at] ?? '';
}
