import { describe, expect, it } from 'vitest';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseContentRange, parseUnsatisfiedRange, parseUploadOffset } from '../../src/registry/byte-ranges.ts';
import { findNextLink } from '../../src/registry/link-header.ts';
import { coversScopes, joinScopes, parseScopes, pushScope } from '../../src/registry/scope.ts';
import { appendQuery } from '../../src/registry/upload-session.ts';
import { openWarnings, parseWarnings } from '../../src/registry/warnings.ts';

describe('findNextLink', () => {
  it.each([
    ['</v2/a/tags/list?n=2&last=b>; rel="next"', '/v2/a/tags/list?n=2&last=b'],
    ['<https://r/x?a=1,2;3>;rel=next', 'https://r/x?a=1,2;3'],
    ['</prev>; rel="prev", </more>; title="x"; REL="last next"', '/more'],
    ['</prev>; rel=prev', undefined],
    ['</x>', undefined],
    ['<>; rel=next', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => expect(findNextLink(header)).toBe(expected));
});

describe('ranges', () => {
  it.each([
    ['bytes 5-9/20', { startsAt: 5, endsAt: 10, totalBytes: 20 }],
    ['BYTES 0-0/*', { startsAt: 0, endsAt: 1, totalBytes: undefined }],
    ['bytes 9-5/20', undefined],
    ['bytes 5-20/20', undefined],
    ['5-9', undefined],
    ['bytes */20', undefined],
    [undefined, undefined],
  ])('Content-Range %s', (header, expected) => expect(parseContentRange(header)).toEqual(expected));

  it.each([
    ['bytes */20', 20],
    ['bytes 1-2/20', undefined],
  ])('unsatisfied %s', (header, expected) => expect(parseUnsatisfiedRange(header)).toBe(expected));

  it.each([
    ['0-1023', 1024],
    ['bytes=0-9', 10],
    ['0-0', undefined],
    ['5-9', undefined],
    ['0--1', undefined],
    ['nonsense', undefined],
    [undefined, undefined],
  ])('of an upload %s', (header, expected) => expect(parseUploadOffset(header)).toBe(expected));
});

describe('warnings', () => {
  it('reads the texts, quoted characters and several in one header', () => {
    expect(parseWarnings('299 - "first", 299 host:5000 "say \\"x\\"", 110 - "stale", 299 - ""')).toEqual([
      'first',
      'say "x"',
    ]);
    expect(parseWarnings('299 - "line\u0007\u202ebreak"')).toEqual(['line break']);
  });

  it('tells each once, and only so many', () => {
    const told: string[] = [];
    const tell = openWarnings((text) => told.push(text));
    for (let round = 0; round < 3; round += 1) tell('299 - "again"');
    for (let n = 0; n < 500; n += 1) tell(`299 - "number ${n}"`);
    expect(told.filter((text) => text === 'again')).toHaveLength(1);
    expect(told).toHaveLength(100);
  });
});

describe('scopes', () => {
  const push = pushScope(parseRepositoryName('a/b'));
  it('are joined once each and in one order', () => {
    expect(joinScopes(parseScopes('repository:c:pull  repository:a/b:pull,push'), [push])).toEqual([
      push,
      'repository:c:pull',
    ]);
  });
  it.each([
    [[push], ['repository:a/b:pull'], true],
    [['repository:a/b:pull'], [push], false],
    [[push], ['repository:a/b:pull', 'repository:c:pull'], false],
    [['repository:h:5000/a:pull'], ['repository:h:5000/a:pull'], true],
    [['repository:h:5000/a:pull'], ['repository:h:pull'], false],
    [[], [], true],
  ])('%j covers %j: %s', (held, wanted, expected) => expect(coversScopes(held, wanted)).toBe(expected));
});

describe('appendQuery', () => {
  it.each([
    ['https://r/x', 'https://r/x?digest=d'],
    ['https://r/x?_state=a%20b~c*%2A==', 'https://r/x?_state=a%20b~c*%2A==&digest=d'],
    ['https://r/x?', 'https://r/x?digest=d'],
    ['https://r/x?a=1&', 'https://r/x?a=1&digest=d'],
    ['https://r/x?a=1#part', 'https://r/x?a=1&digest=d#part'],
  ])('%s', (location, expected) => expect(appendQuery(location, 'digest=d')).toBe(expected));
});
