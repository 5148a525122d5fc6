import { Failure } from '../kernel/failure.ts';
import { formatPath, type Mistake } from './mistake.ts';
import type { Position } from './yaml-document.ts';

// More than a person reads; a file with more mistakes than this is no configuration at all.
const MAX_REPORTED = 200;

/** All mistakes of a file as one `config_invalid`, in the order of the text, each as `file:line:column path: detail`. */
export function toConfigFailure(
  file: string,
  mistakes: readonly Mistake[],
  locate: (mistake: Mistake) => Position,
): Failure {
  const located = mistakes
    .slice(0, MAX_REPORTED)
    .map((mistake) => ({
      ...locate(mistake),
      path: formatPath(mistake.shownPath ?? mistake.path),
      detail: mistake.detail,
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const errors = located.map(({ line, column, path, detail }) => ({
    path,
    detail: `${file}:${line}:${column} ${detail}`,
  }));
  const lines = located.map(
    ({ line, column, path, detail }) => `  ${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${detail}`,
  );
  const hidden = mistakes.length - located.length;
  if (hidden > 0) lines.push(`  … and ${hidden} more`);
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`;
  return new Failure('config_invalid', `the configuration ${file} has ${count}:\n${lines.join('\n')}`, { errors });
}
