import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../src/registry/challenge.ts';

describe('parseChallenges', () => {
  it.each([
    [
      'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push repository:c:pull"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.example/token',
            service: 'registry',
            scope: 'repository:a/b:pull,push repository:c:pull',
          },
        },
      ],
    ],
    [
      'Basic realm="https://1.dkr.ecr.eu.amazonaws.com/",service="ecr.amazonaws.com"',
      [{ scheme: 'basic', parameters: { realm: 'https://1.dkr.ecr.eu.amazonaws.com/', service: 'ecr.amazonaws.com' } }],
    ],
    [
      'Negotiate, Basic realm="a, b=c", BEARER Realm=https://x/t , service = "s"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'a, b=c' } },
        { scheme: 'bearer', parameters: { realm: 'https://x/t', service: 's' } },
      ],
    ],
    [
      'Bearer realm="say \\"hi\\" \\\\ there",error="invalid_token"',
      [{ scheme: 'bearer', parameters: { realm: 'say "hi" \\ there', error: 'invalid_token' } }],
    ],
    ['Bearer realm="first",realm="second"', [{ scheme: 'bearer', parameters: { realm: 'first' } }]],
    ['Bearer scope="host:5000/a:pull"', [{ scheme: 'bearer', parameters: { scope: 'host:5000/a:pull' } }]],
    ['Bearer realm="never closed', [{ scheme: 'bearer', parameters: { realm: 'never closed' } }]],
    ['Digest', [{ scheme: 'digest', parameters: {} }]],
    ['', []],
    [undefined, []],
    [', ,= "', []],
  ])('%s', (header, expected) => {
    expect(
      parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } })),
    ).toEqual(expected);
  });

  it('ends on any text, and a prototype cannot be reached through it', () => {
    assert(property(string(), (text) => parseChallenges(text).every((challenge) => challenge.scheme !== '')));
    const [challenge] = parseChallenges('Bearer __proto__="x",constructor="y"');
    expect(challenge?.parameters.realm).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});
