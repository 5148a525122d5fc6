import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChoiceTable, compareChoices } from '../../src/choice/choice-table.ts';
import { matchesPattern } from '../../src/kernel/pattern.ts';
import { choiceRecord } from './resolve-stand.ts';

type Row = {
  readonly says: string;
  readonly file?: Record<string, string>;
  readonly store?: Record<string, string | null>;
  readonly of?: string;
  readonly is: readonly [registry: string, source: string, subject: string] | undefined;
};

const ROWS: readonly Row[] = [
  { says: 'nothing at all', is: undefined },
  { says: 'nothing that matches', file: { 'other/*': 'korea' }, is: undefined },
  { says: "the file's default", file: { '*': 'singapore' }, is: ['singapore', 'configuration', '*'] },
  {
    says: 'the store over the file',
    file: { '*': 'singapore' },
    store: { '*': 'korea' },
    is: ['korea', 'pattern', '*'],
  },
  {
    says: 'a longer pattern of the file over a shorter one of the store',
    file: { 'team/*': 'singapore' },
    store: { '*': 'korea' },
    is: ['singapore', 'configuration', 'team/*'],
  },
  {
    says: 'the store over the file when the text before the star is as long',
    file: { 'team/*pp': 'singapore' },
    store: { 'team/*': 'korea' },
    is: ['korea', 'pattern', 'team/*'],
  },
  {
    says: 'only text before the first star counts',
    store: { 't*eam/app': 'korea', 'te*': 'japan' },
    is: ['japan', 'pattern', 'te*'],
  },
  {
    says: 'the exact name over all',
    file: { 'team/ap*': 'singapore' },
    store: { 'team/app': 'korea', 'team/app*': 'japan' },
    is: ['korea', 'image', 'team/app'],
  },
  {
    says: 'an exact name of the file over a pattern of the store',
    file: { 'team/app': 'singapore' },
    store: { 'team/*': 'korea' },
    is: ['singapore', 'configuration', 'team/app'],
  },
  {
    says: 'what returned to the default has no say',
    file: { '*': 'singapore' },
    store: { 'team/app': null, 'team/*': null },
    is: ['singapore', 'configuration', '*'],
  },
  {
    says: 'a star matches slashes and nothing',
    store: { 'team*app': 'korea' },
    of: 'team/x/y/app',
    is: ['korea', 'pattern', 'team*app'],
  },
  {
    says: 'for a pattern: the one that contains it',
    file: { '*': 'singapore' },
    store: { 'team/*': 'korea', 'team/app*': 'japan' },
    of: 'team/a*',
    is: ['korea', 'pattern', 'team/*'],
  },
];

function openTable(file: Record<string, string> = {}, store: Record<string, string | null> = {}): ChoiceTable {
  const defaults = Object.entries(file).map(([pattern, registry]) => ({ pattern, registry }));
  return new ChoiceTable(
    defaults,
    Object.entries(store).map(([subject, registry]) => choiceRecord(subject, registry)),
  );
}

describe('the choice in force', () => {
  it.each(ROWS)('$says', ({ file, store, of = 'team/app', is }) => {
    const effective = openTable(file, store).findEffective(of);
    expect(effective && [effective.registry, effective.source, effective.subject]).toEqual(is);
  });

  it('lists each pattern once, as it is in force, most specific first', () => {
    const table = openTable(
      { '*': 'singapore', 'team/*': 'japan', 'team/db': 'us-west', 'team/app': 'us-west' },
      { '*': 'korea', 'team/app': 'korea', 'team/db*': null, 'team/web*': 'korea' },
    );
    const listed = table.listDefaults().map((choice) => [choice.subject, choice.registry, choice.source]);
    expect(listed).toEqual([
      ['team/db', 'us-west', 'configuration'],
      ['team/web*', 'korea', 'pattern'],
      ['team/*', 'japan', 'configuration'],
      ['*', 'korea', 'pattern'],
    ]);
    expect(table.findOwn('team/*')?.registry).toBe('japan');
    expect(table.findOwn('team/d*')).toBeUndefined();
  });
});

const subject = fc
  .array(fc.constantFrom('a', 'b', '/', '*'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''));
const choice = fc.record({ subject, configured: fc.boolean() }).map((draft) => ({
  registry: 'korea',
  revision: draft.configured ? 0 : 1,
  source: draft.configured
    ? ('configuration' as const)
    : draft.subject.includes('*')
      ? ('pattern' as const)
      : ('image' as const),
  subject: draft.subject,
  record: null,
}));

describe('the order of choices', () => {
  it('is total: antisymmetric, transitive, and equal only for the same', () => {
    fc.assert(
      fc.property(choice, choice, choice, (a, b, c) => {
        expect(Math.sign(compareChoices(a, b))).toBe(-Math.sign(compareChoices(b, a)) || 0);
        if (compareChoices(a, b) <= 0 && compareChoices(b, c) <= 0) expect(compareChoices(a, c)).toBeLessThanOrEqual(0);
        const isSame = a.subject === b.subject && a.revision === b.revision;
        expect(compareChoices(a, b) === 0).toBe(isSame);
      }),
      { seed: 20_240_601, numRuns: 2_000 },
    );
  });

  it('decides by the first that matches, in whatever order they come', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', '/'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.uniqueArray(subject, { maxLength: 8 }),
        fc.uniqueArray(subject, { maxLength: 8 }),
        name,
        (file, store, of) => {
          const defaults = file.map((pattern) => ({ pattern, registry: `file ${pattern}` }));
          const records = store.map((each) => choiceRecord(each, `store ${each}`));
          const found = new ChoiceTable(defaults, records).findEffective(of);
          expect(new ChoiceTable(defaults.toReversed(), records.toReversed()).findEffective(of)).toEqual(found);
          const best = [
            ...file.map((each) => ({ each, from: 'file', rank: 1 })),
            ...store.map((each) => ({ each, from: 'store', rank: 0 })),
          ]
            .filter(({ each }) => matchesPattern(each, of))
            .map((entry) => ({ ...entry, weight: entry.each.includes('*') ? entry.each.indexOf('*') : 99 }))
            .sort(
              (a, b) =>
                b.weight - a.weight || a.rank - b.rank || b.each.length - a.each.length || (a.each < b.each ? -1 : 1),
            )[0];
          expect(found?.registry).toBe(best && `${best.from} ${best.each}`);
        },
      ),
      { seed: 20_240_602, numRuns: 1_000 },
    );
  });
});
