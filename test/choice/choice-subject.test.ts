import { describe, expect, it } from 'vitest';
import { parseChoiceSubject } from '../../src/choice/choice-subject.ts';

describe('the subject of a choice', () => {
  it.each(['app', 'team/app', '*', 'team/*', 'team/*/web-*', '*/app', 'a.b/c__d*'])('takes %s', (text) => {
    expect(parseChoiceSubject(text)).toBe(text);
  });

  it.each([
    '',
    'Team/app',
    'team/',
    '/team',
    'team//app',
    'team/app:1',
    'Team/*',
    'team/**',
    '/*',
    '*/',
    'a//*',
    'a b*',
    'a*b*c*d*',
    '*\n',
    `${'a'.repeat(255)}*`,
  ])('refuses %j', (text) => {
    expect(() => parseChoiceSubject(text)).toThrowError(expect.objectContaining({ code: 'validation_failed' }));
  });
});
