import type { Push } from './api-schema.ts';
import type { CliContext } from './cli-context.ts';
import { displayWidth } from './display-width.ts';
import { formatLine, type Line } from './line.ts';
import type { ProgressView } from './progress-view.ts';
import { renderProgress } from './render-progress.ts';

// CSI: cursor up, and erase from the cursor to the end of the screen (ECMA-48 8.3.22, 8.3.39).
const cursorUp = (rows: number) => (rows > 0 ? `\x1b[${rows}A` : '');
const ERASE_BELOW = '\x1b[J';

/** Bars on a terminal, redrawn in place on stderr, by a timer so that a fast push costs no more than a slow one. */
export function openProgressScreen({ io, texts, err }: CliContext): ProgressView {
  let push: Push | undefined;
  let shown: readonly Line[] = [];
  let drawn = '';

  const size = () => io.stderr.size() ?? { columns: 80, rows: 24 };
  /** How many rows the last frame takes now: a terminal made narrower has wrapped its lines. */
  const rowsTaken = () => {
    const { columns } = size();
    return shown.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(displayWidth(formatLine(line, { color: false })) / columns)),
      0,
    );
  };
  const draw = () => {
    if (push === undefined) return;
    const { columns, rows } = size();
    // One column and one row stay free: writing into the last one scrolls or wraps on some terminals.
    const width = Math.max(20, columns - 1);
    const lines = renderProgress(push, io.clock.nowMs(), width, texts).slice(0, Math.max(1, rows - 1));
    const frame = lines.map((line) => `${formatLine(line, { color: err.color, columns: width })}\n`).join('');
    if (frame === drawn) return;
    io.stderr.write(`${cursorUp(rowsTaken())}\r${ERASE_BELOW}${frame}`);
    shown = lines.map((line) => formatLine(line, { color: false, columns: width }));
    drawn = frame;
  };
  const timer = setInterval(draw, io.timings.frameMs);

  return {
    update(next) {
      const isFirst = push === undefined;
      push = next;
      if (isFirst) draw();
    },
    notice(text) {
      io.stderr.write(`${cursorUp(rowsTaken())}\r${ERASE_BELOW}`);
      err.print(text);
      shown = [];
      drawn = '';
      draw();
    },
    /** Takes the bars away: what is left to say comes as the summary. */
    [Symbol.dispose]() {
      clearInterval(timer);
      io.stderr.write(`${cursorUp(rowsTaken())}\r${ERASE_BELOW}`);
    },
  };
}
