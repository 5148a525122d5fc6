import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePatterns, matchesPattern } from '../../src/kernel/pattern.ts';

describe('image patterns', () => {
  it.each([
    ['*', 'team/app', true],
    ['team/*', 'team/app', true],
    ['team/*', 'team/a/b', true],
    ['team/*', 'team', false],
    ['team/*', 'teams/app', false],
    ['*-cache', 'build-cache', true],
    ['*-cache', 'build-cache-2', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a*bc*c', 'abc', false],
    ['team/app', 'team/app', true],
    ['team/app', 'team/apps', false],
    ['te.m/*', 'team/app', false],
    ['', '', true],
  ])('%s matches %s: %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it('says the same as a regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (pattern, name) => {
        expect(matchesPattern(pattern, name)).toBe(new RegExp(`^${pattern.replace(/\*+/g, '.*')}$`).test(name));
      }),
    );
  });

  it('is quick with a pattern made to be slow', () => {
    const beganAt = performance.now();
    expect(matchesPattern(`${'*a'.repeat(60)}*b`, 'a'.repeat(250))).toBe(false);
    expect(performance.now() - beganAt).toBeLessThan(1_000);
  });

  it('puts the more specific first, whatever the order they come in', () => {
    const sorted = ['team/app', 'team/api-*', 'team/*', 't*', '*'];
    fc.assert(
      fc.property(fc.shuffledSubarray(sorted, { minLength: 5 }), (shuffled) => {
        expect(shuffled.toSorted(comparePatterns)).toEqual(sorted);
      }),
    );
  });
});
