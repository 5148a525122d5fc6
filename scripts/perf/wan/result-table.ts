/** One line of the result, as `--json` prints it; null for what was not measured. Seconds run from the 202 to placed. */
export type RowFigures = {
  readonly id: string;
  readonly world: string;
  readonly work: string;
  readonly floorSeconds: number | null;
  readonly skopeoSeconds: number | null;
  readonly seconds: number | null;
  /** How many runs ended placed. */
  readonly runs: number;
  readonly goalSeconds: number | null;
  readonly bytesSent: number | null;
  readonly bytesResent: number | null;
  readonly farSide: string | null;
};

/** A line of the table for people, which says more. */
export type RowResult = {
  readonly figures: RowFigures;
  /** What it missed, in words; null when it was not measured. */
  readonly missed: readonly string[] | null;
  /** Share of the payload that TCP sent again, and most connections at the same time. */
  readonly retransmitted: number | null;
  readonly connections: number | null;
};

const HEAD = [
  'row',
  'work',
  'far side',
  'floor',
  'skopeo',
  'entrepot',
  'x floor',
  'x skopeo',
  'goal',
  '',
  're-sent',
  'retrans.',
  'conns',
];

/** A table for people, as Markdown: it may be pasted into docs/performance.md. */
export function formatTable(results: readonly RowResult[]): string {
  const lines = [HEAD, ...results.map(toCells)];
  const widths = HEAD.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const format = (cells: readonly string[]) => `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [head = HEAD, ...rest] = lines;
  return [format(head), rule, ...rest.map(format)].join('\n');
}

function toCells(result: RowResult): string[] {
  const { figures, missed } = result;
  const { floorSeconds: floor, skopeoSeconds: skopeo, seconds, goalSeconds: goal } = figures;
  const number = (value: number | null, digits = 1) => (value === null ? '–' : value.toFixed(digits));
  const ratio = (other: number | null) => (seconds === null || other === null ? '–' : (seconds / other).toFixed(2));
  const verdict = missed === null ? '' : missed.length === 0 ? 'reached' : `MISSED: ${missed.join(', ')}`;
  return [
    figures.id,
    `${figures.world}, ${figures.work}`,
    figures.farSide ?? '–',
    number(floor),
    number(skopeo),
    number(seconds),
    ratio(floor),
    ratio(skopeo),
    number(goal),
    verdict,
    figures.bytesResent === null ? '–' : `${(figures.bytesResent / 1e6).toFixed(1)} MB`,
    result.retransmitted === null ? '–' : `${(result.retransmitted * 100).toFixed(1)} %`,
    result.connections === null ? '–' : String(result.connections),
  ];
}
