import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/load-config.ts';
import { isFailure } from '../../src/kernel/failure.ts';
import { listMistakes, smallConfig } from './config-mistakes.ts';

const SEED = 20_260_101;

describe('text that is not the YAML that was meant', () => {
  test.each([
    ['', '1:1 : is empty; it must at least name registries and sites'],
    ['# nothing\n', '1:1 : is empty; it must at least name registries and sites'],
    ['just text', '1:1 : must be a mapping of keys and values (found a text)'],
    ['a:\n\t- b', '2:1 : is indented with a tab; use spaces (YAML syntax, TAB_AS_INDENT)'],
    [
      'a: {b: "x\\q"}',
      '1:10 : has a backslash sequence that double quotes do not know; use single quotes, or \\\\ for a backslash (YAML syntax, BAD_DQ_ESCAPE)',
    ],
    ['a: 1\n---\nb: 2\n', '2:1 : begins a second document (---); one file holds one (YAML syntax, MULTIPLE_DOCS)'],
    ['a: !mine x', '1:4 : has a tag (!) that is not known here (YAML syntax, TAG_RESOLVE_FAILED)'],
    ['a: *b', '1:4 a: is an alias (*) of an anchor (&) that is not defined above it'],
    ['a:\n  <<: [1]\n', '2:7 a["<<"]: must be a mapping or an alias (*) of one'],
    ['? [a, b]\n: c\n', '1:3 : has a key that is not plain text'],
  ])('%j', (text, mistake) => {
    expect(listMistakes(text)).toEqual([mistake]);
  });

  test('keys written twice are found on every level', () => {
    const mistakes = listMistakes(smallConfig('limits: { stall: 1s, stall: 2s }\nlimits: {}\n'));
    expect(mistakes).toEqual([
      '6:22 limits.stall: is written twice; first on line 6',
      '7:1 limits: is written twice; first on line 6',
    ]);
  });
});

describe('hostile text is refused soon', () => {
  const level = (name: string, of: string): string =>
    `${name}: &${name} [${Array.from({ length: 9 }, () => `*${of}`).join(', ')}]\n`;

  test('an alias bomb', () => {
    let text = 'a: &a [x, x, x]\n';
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map(
      (pair) => [...pair] as [string, string],
    ))
      text += level(name, of);
    expect(listMistakes(text)).toEqual(['1:1 : its aliases expand to more than a configuration can need']);
  });

  test('an anchor that contains itself', () => {
    expect(listMistakes(smallConfig('standby: &s { "*": *s }\n')).join()).toContain(
      'standby["*"]: must be a list (found a mapping)',
    );
  });

  test('very many brackets', () => {
    expect(listMistakes('['.repeat(50_000)).length).toBeGreaterThan(0);
    expect(listMistakes(`a: ${'['.repeat(200)}${']'.repeat(200)}`).join()).toContain('is nested too deeply');
  });

  test('very many keys, with one written twice', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n');
    expect(listMistakes(`a: 1\na: 2\n${keys}`)[0]).toBe('1:1 registries: is missing');
  });
});

describe(`whatever the text, the answer is a world or config_invalid (seed ${SEED})`, () => {
  function accepts(text: string): void {
    try {
      parseConfig(text, 'c.yaml');
    } catch (error) {
      if (!isFailure(error, 'config_invalid')) throw error;
      expect(error.details.errors?.length).toBeGreaterThan(0);
      for (const { detail } of error.details.errors ?? []) expect(detail).toMatch(/^c\.yaml:[1-9]\d*:[1-9]\d* ./);
    }
  }

  test('any text', () => {
    const bits = [
      'registries',
      'sites',
      ':',
      ' ',
      '\n',
      '\n  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '&a',
      '*a',
      '<<',
      '!t',
      '"',
      "'",
      '|',
      '>',
      '?',
      '#',
      '---\n',
      '%',
      '@',
      '\t',
    ];
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), accepts), { seed: SEED, numRuns: 300 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 40 }), (parts) => accepts(parts.join(''))),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('any values below any known keys', () => {
    const leaf = fc.oneof(
      fc.constantFrom(
        'ecr',
        'relay',
        'home',
        'r',
        's',
        'https://r.example',
        'env:X',
        'file:x',
        '8MiB',
        '3m',
        'default',
      ),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const keys = [
      'r',
      's',
      '*',
      '__proto__',
      'constructor',
      'kind',
      'role',
      'region',
      'url',
      'prefix',
      'credentials',
      'username',
      'password',
      'aws',
      'site',
      'pulls',
      'service',
    ];
    const mapping = (value: fc.Arbitrary<unknown>) => fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 });
    const block = fc.oneof(leaf, mapping(fc.oneof(leaf, mapping(fc.oneof(leaf, mapping(leaf))))));
    const blocks = [
      'registries',
      'sources',
      'sites',
      'clusters',
      'choices',
      'limits',
      'backfill',
      'distribute',
      'standby',
      'failover',
      'more',
    ];
    const documents = fc.dictionary(fc.constantFrom(...blocks), block);
    fc.assert(
      fc.property(documents, (document) => accepts(stringify(document))),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('the shipped shape with any characters changed', () => {
    const text = smallConfig('choices: { "*": relay }\nlimits: { stall: 30s }\n');
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(12), fc.string({ maxLength: 6 }), (at, length, by) =>
        accepts(text.slice(0, at) + by + text.slice(at + length)),
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});
