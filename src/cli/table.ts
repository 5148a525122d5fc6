import { displayWidth, padText } from './display-width.ts';
import { type Line, type Segment, segmentText } from './line.ts';
import { plainText } from './plain-text.ts';

export type Column = { readonly title: string; readonly align?: 'left' | 'right' };

const GAP = '  ';

/** Rows under their titles, columns as wide as their widest cell, two spaces apart; columns without any content are left out. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Segment[])[]): Line[] {
  const shown = columns
    .map((_, index) => index)
    .filter((index) => rows.some((row) => segmentText(row[index] ?? '') !== ''));
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(plainText(segmentText(row[index] ?? ''))))),
  );
  const renderRow = (cells: readonly Segment[]): Line =>
    shown.flatMap((index, position) => {
      const cell = cells[index] ?? '';
      const align = columns[index]?.align ?? 'left';
      const isLast = position === shown.length - 1;
      const width = isLast && align === 'left' ? 0 : (widths[index] ?? 0);
      const text = padText(plainText(segmentText(cell)), width, align);
      const gap = position === 0 ? [] : [GAP];
      return [...gap, typeof cell === 'string' ? text : { text, tone: cell.tone }];
    });
  return [renderRow(columns.map(({ title }) => ({ text: title, tone: 'faint' as const }))), ...rows.map(renderRow)];
}
