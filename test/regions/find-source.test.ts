import { describe, expect, it } from 'vitest';
import { findSource } from '../../src/regions/find-source.ts';
import type { SourceEntry } from '../../src/regions/world.ts';

const source = (key: string, url: string): SourceEntry => ({
  key,
  url,
  credentials: { kind: 'none' },
  internal: false,
});
const SOURCES = [
  source('*.bj.example', 'https://*.registry.bj.example:5000'),
  source('ci-*.bj.example', 'https://ci-*.bj.example'),
  source('*.bj.example:8443', 'https://*.bj.example:8443'),
  source('harbor.bj.example', 'https://harbor.bj.example'),
];
const find = (key: string) => findSource(SOURCES, key);

describe('a source by what a push calls it', () => {
  it('is the one that is written out, before any pattern', () => {
    expect(find('harbor.bj.example')).toBe(SOURCES[3]);
  });

  it.each([
    ['web.bj.example', 'https://web.registry.bj.example:5000'],
    ['a.b.bj.example', 'https://a.b.registry.bj.example:5000'],
    ['WEB.BJ.example', 'https://web.registry.bj.example:5000'],
    ['ci-7.bj.example', 'https://ci-7.bj.example'],
    ['web.bj.example:8443', 'https://web.bj.example:8443'],
  ])('%s by a pattern', (key, url) => {
    expect(find(key)).toMatchObject({ key, url, matched: true, pattern: expect.stringContaining('*') });
  });

  it.each([
    'bj.example',
    '.bj.example',
    'web.bj.example.evil.example',
    'web.bjXexample',
    'evil.example#.bj.example',
    'evil.example/.bj.example',
    'user@web.bj.example',
    'web:80.bj.example',
    '*.bj.example',
    'xn--.bj.example',
    '',
  ])('is none for %j', (key) => {
    expect(find(key)).toBeUndefined();
  });
});
