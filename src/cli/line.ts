import { displayWidth, fitText } from './display-width.ts';
import { plainText } from './plain-text.ts';

/** What a piece of text means; a terminal with colours shows it, everything else ignores it. */
export type Tone = 'good' | 'bad' | 'waiting' | 'faint' | 'strong';

export type Segment = string | { readonly text: string; readonly tone: Tone };

/** One line of output, not yet made fit for the place it goes to. */
export type Line = string | readonly Segment[];

const SGR: Record<Tone, string> = { good: '32', bad: '31', waiting: '33', faint: '2', strong: '1' };

/**
 * A line as it may be written: freed of anything that controls a terminal, cut to `columns` when given, coloured when
 * asked. Every text this program shows passes here, wherever it came from.
 */
export function formatLine(line: Line, options: { color: boolean; columns?: number }): string {
  let room = options.columns ?? Number.POSITIVE_INFINITY;
  let formatted = '';
  for (const segment of typeof line === 'string' ? [line] : line) {
    const text = fitText(plainText(segmentText(segment)), room);
    room -= displayWidth(text);
    formatted +=
      options.color && typeof segment === 'object' && text !== '' ? `\x1b[${SGR[segment.tone]}m${text}\x1b[0m` : text;
    if (room <= 0) break;
  }
  return formatted;
}

export function segmentText(segment: Segment): string {
  return typeof segment === 'string' ? segment : segment.text;
}
