import { describe, expect, test } from 'vitest';
import { displayWidth, fitText, padText } from '../../src/cli/display-width.ts';
import { formatJson } from '../../src/cli/json-text.ts';
import { formatLine } from '../../src/cli/line.ts';
import { plainText } from '../../src/cli/plain-text.ts';
import { renderTable } from '../../src/cli/table.ts';

const plain = (lines: ReturnType<typeof renderTable>) =>
  lines.map((line) => formatLine(line, { color: false })).join('\n');

describe('the width of text', () => {
  test.each([
    ['ascii', 5],
    ['北京', 4],
    ['싱가포르', 8],
    ['シンガポール', 12],
    ['é', 1],
    ['e\u0301', 1],
    ['🚢', 2],
    ['👩‍🚀', 2],
    ['Ａ', 2],
    ['a\u200bb', 2],
    ['', 0],
  ])('%s is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('is kept when text is cut or filled up', () => {
    expect(fitText('北京仓库', 8)).toBe('北京仓库');
    expect(fitText('北京的仓库', 9)).toBe('北京的...');
    expect(fitText('北京的仓库', 8)).toBe('北京...');
    expect(fitText('abcdef', 3)).toBe('abc');
    expect(padText('北京', 6)).toBe('北京  ');
    expect(padText('北京', 6, 'right')).toBe('  北京');
  });
});

describe('a table', () => {
  test('aligns columns, wide characters too, and leaves empty ones out', () => {
    const columns = [
      { title: 'REGISTRY' },
      { title: 'EMPTY' },
      { title: 'SENT', align: 'right' as const },
      { title: 'NOTE' },
    ];
    const rows = [
      ['北京仓库-一', '', '1.5 MB', 'x'],
      ['sg', '', '150 MB', ''],
    ];
    expect(plain(renderTable(columns, rows))).toBe(
      ['REGISTRY       SENT  NOTE', '北京仓库-一  1.5 MB  x', 'sg           150 MB  '].join('\n'),
    );
  });

  test('colours a cell without moving the next', () => {
    const [, row] = renderTable([{ title: 'A' }, { title: 'B' }], [[{ text: 'ok', tone: 'good' }, 'b']]);
    expect(formatLine(row ?? '', { color: true })).toBe('\x1b[32mok\x1b[0m  b');
  });
});

describe('text from elsewhere', () => {
  test('cannot control a terminal', () => {
    expect(plainText('a\x1b[31mb\x00\u0085\u202ec\r\nd\t')).toBe('a [31mb c d ');
    expect(plainText('北京 é 🚢')).toBe('北京 é 🚢');
  });

  test('cannot do so as JSON either, and stays the same value', () => {
    const value = { text: '\x1b[2J\x7f\u009b2J\u2028\u2029é' };
    expect(formatJson(value)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(JSON.parse(formatJson(value))).toEqual(value);
  });
});
