import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load-config.ts';
import { listMistakes, smallConfig } from './config-mistakes.ts';

const withIssuer = (issuer: string) => smallConfig(`access:\n  oidc:\n    gitlab:\n      ${issuer}\n`);
const rule = (text: string) => withIssuer(`{ issuer: "https://gitlab.example", audience: entrepot, rules: [${text}] }`);

describe('identity providers', () => {
  test('as they are read', () => {
    const text = `issuer: "https://gitlab.example"
      audience: entrepot
      keys: file:keys/jwks.json
      rules:
        - { when: { namespace_path: [a, "b/*"] }, role: ci, images: ["{project_path}/*"] }`;
    expect(parseConfig(withIssuer(text), '/etc/entrepot/c.yaml').access.oidc).toEqual([
      {
        name: 'gitlab',
        issuer: 'https://gitlab.example',
        audiences: ['entrepot'],
        keys: { from: 'file', path: '/etc/entrepot/keys/jwks.json' },
        internal: false,
        clockSkewMs: 60_000,
        rules: [
          { when: [{ claim: 'namespace_path', patterns: ['a', 'b/*'] }], role: 'ci', images: ['{project_path}/*'] },
        ],
      },
    ]);
  });

  test.each([
    [
      'plain HTTP',
      withIssuer('{ issuer: "http://gitlab.example", audience: a, rules: [{ when: { a: b }, role: ops }] }'),
      /access\.oidc\.gitlab\.issuer: must be an https/,
    ],
    [
      'no audience',
      withIssuer('{ issuer: "https://gitlab.example", rules: [{ when: { a: b }, role: ops }] }'),
      /gitlab\.audience: is missing/,
    ],
    ['a rule for everybody', rule('{ role: ops }'), /rules\[0\]\.when: is missing/],
    ['an empty condition', rule('{ when: {}, role: ops }'), /rules\[0\]\.when: must name at least one claim/],
    ['ci without images', rule('{ when: { a: b }, role: ci }'), /rules\[0\]\.images: must say which images/],
    [
      'no image pattern',
      rule('{ when: { a: b }, role: ci, images: ["{a b}/*"] }'),
      /rules\[0\]\.images\[0\]: must be an image name/,
    ],
    [
      'an unknown cluster',
      smallConfig(
        'clusters: { prod: { site: us-east, pulls: choice } }\naccess: { oidc: { k: { issuer: "https://k.example", audience: a, rules: [{ when: { a: b }, role: cluster, cluster: prdo }] } } }\n',
      ),
      /^7:\d+ access\.oidc\.k\.rules\[0\]\.cluster: must be one of clusters \(found "prdo"; did you mean prod\?\)/,
    ],
    [
      'an unknown site',
      rule('{ when: { a: b }, role: agent, site: us-est }'),
      /rules\[0\]\.site: must be one of sites/,
    ],
    [
      'a cluster for ci',
      rule('{ when: { a: b }, role: ci, images: [x], cluster: c }'),
      /rules\[0\]\.cluster: belongs to role cluster/,
    ],
    [
      'everybody of GitHub',
      withIssuer(
        '{ issuer: "https://token.actions.githubusercontent.com", audience: a, rules: [{ when: { ref: "refs/heads/main" }, role: ci, images: ["{repository}"] }] }',
      ),
      /rules\[0\]\.when: must say whose tokens/,
    ],
    [
      'anybody that begins alike',
      withIssuer(
        '{ issuer: "https://token.actions.githubusercontent.com", audience: a, rules: [{ when: { repository_owner: "acme*" }, role: ci, images: ["{repository}"] }] }',
      ),
      /rules\[0\]\.when: must say whose tokens/,
    ],
  ])('%s', (_what, text, expected) => expect(listMistakes(text).join('\n')).toMatch(expected));

  test.each(['repository_owner: acme', 'repository: "acme/*"', 'repository: [acme/a, "acme/b*"]'])(
    'one owner of GitHub by %s',
    (when) => {
      const text = withIssuer(
        `{ issuer: "https://token.actions.githubusercontent.com", audience: a, rules: [{ when: { ${when} }, role: ci, images: ["{repository}"] }] }`,
      );
      expect(parseConfig(text, 'c.yaml').access.oidc).toHaveLength(1);
    },
  );
});
