import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { PERMISSIONS, type Reach } from '../../src/access/permissions.ts';

const WORDS: Readonly<Record<Reach, string>> = {
  none: '',
  any: 'yes',
  images: 'its images',
  cluster: 'its cluster',
  site: 'its site',
};

test('docs/access.md shows the table as it is', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/access.md'), 'utf8');
  const [, table = ''] = text.split(/<!-- permissions: \w+[^>]*-->/);
  const shown = table
    .trim()
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const real = Object.values(PERMISSIONS).map(({ does, ci, ops, cluster, agent, anonymous }) => [
    does,
    ...[ci, ops, cluster, agent, anonymous].map((reach: Reach) => WORDS[reach]),
  ]);
  expect(shown).toEqual(real);
});
