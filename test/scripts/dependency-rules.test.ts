import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const { findBreaches } = (await import(pathToFileURL(join(ROOT, 'scripts/dependency-rules.mjs')).href)) as {
  findBreaches(given: Given): string[];
};

type Given = {
  manifest: Record<string, Record<string, string>>;
  lock: { packages: Record<string, Record<string, unknown>> };
  npmrc: string;
  reasons: string;
};

/** A tree in which all is well, with one package changed. */
function tree(change: Record<string, unknown> = {}, version = '1.2.3'): Given {
  const dependencies = { good: version };
  return {
    manifest: { dependencies },
    lock: {
      packages: {
        '': { dependencies },
        'node_modules/good': { version: '1.2.3', integrity: 'sha512-x', license: 'MIT' },
        'node_modules/good/node_modules/deep': { version: '2.0.0', integrity: 'sha512-y', license: 'ISC', ...change },
      },
    },
    npmrc: 'ignore-scripts=true\n',
    reasons: '| package | why |\n|---|---|\n| other, good | because |\n',
  };
}

describe('what is depended on', () => {
  test('is well where every rule is kept', () => expect(findBreaches(tree())).toEqual([]));

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['runs a script when it is installed', { hasInstallScript: true }, /^deep 2\.0\.0: has an install script$/],
    ['has no digest', { integrity: undefined }, /no sha512/],
    ['has an old digest', { integrity: 'sha1-x' }, /no sha512/],
    ['comes from elsewhere', { resolved: 'git+ssh://host/deep' }, /a place of its own/],
    ['is a link', { link: true }, /is a link/],
    ['has a licence that binds us', { license: 'GPL-3.0' }, /has the licence GPL-3\.0/],
    ['has no licence', { license: undefined }, /has the licence \(none\)/],
    ['has a licence for development only', { license: 'MPL-2.0' }, /MPL-2\.0/],
  ])('is refused when a package %s', (_what, change, breach) => {
    const breaches = findBreaches(tree(change));
    expect(breaches).toHaveLength(1);
    expect(breaches[0]).toMatch(breach);
  });

  test.each([{ license: 'MPL-2.0', dev: true }, { license: '(GPL-3.0 OR MIT)' }])('may be %o', (change) =>
    expect(findBreaches(tree(change))).toEqual([]),
  );

  test('is pinned, as the lock file has it, and has a reason', () => {
    expect(findBreaches(tree({}, '^1.2.3'))).toEqual(['good: ^1.2.3 in package.json is no exact version']);
    expect(findBreaches(tree({}, '1.2.4'))).toEqual(['good: package.json says 1.2.4, the lock file 1.2.3']);
    expect(findBreaches({ ...tree(), reasons: '| better-good | |\n| @a/good | |' })).toEqual([
      'good: docs/dependencies.md gives no reason for it',
    ]);
    expect(findBreaches({ ...tree(), npmrc: '' })).toEqual(['.npmrc does not say ignore-scripts=true']);
  });

  test('keeps the rules here', () => {
    const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
    const breaches = findBreaches({
      manifest: JSON.parse(read('package.json')),
      lock: JSON.parse(read('package-lock.json')),
      npmrc: read('.npmrc'),
      reasons: read('docs/dependencies.md'),
    });
    expect(breaches).toEqual([]);
  });
});
