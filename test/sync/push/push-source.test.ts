import { describe, expect, it } from 'vitest';
import type { Tag } from '../../../src/oci/tag.ts';
import { parseSourceReference } from '../../../src/sync/push/push-source.ts';

const source = (key: string, url = `https://${key}`) => ({
  key,
  url,
  credentials: { kind: 'none' as const },
  internal: false,
});
const sources = [
  ...['harbor.bj', 'harbor.bj:5000', 'harbor.bj/ci'].map((key) => source(key)),
  source('*.ci.example', 'https://*.ci.example'),
];
const digest = `sha256:${'a'.repeat(64)}`;
const parse = (text: string) => parseSourceReference(text, sources, '9.9' as Tag);

describe('the source of a push', () => {
  it.each([
    ['harbor.bj/team/app:1.2.3', 'harbor.bj', 'team/app', '1.2.3', null],
    ['harbor.bj:5000/app', 'harbor.bj:5000', 'app', '9.9', null],
    ['harbor.bj/ci/app:1', 'harbor.bj/ci', 'app', '1', null],
    ['web.ci.example/team/app:1', 'web.ci.example', 'team/app', '1', null],
    [`harbor.bj/team/app@${digest}`, 'harbor.bj', 'team/app', null, digest],
  ])('%s', (text, key, name, tag, at) => {
    expect(parse(text)).toEqual({ key, image: { name, tag, digest: at } });
  });

  it.each([
    'docker.io/library/alpine',
    'ci.example/app:1',
    '*.ci.example/app:1',
    'harbor.bj.evil.example/app:1',
    'harbor.bj',
    '',
  ])('refuses %j, which no configured source begins', (text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'source_unknown', message: expect.stringContaining('harbor.bj:5000') }),
    );
  });

  it.each(['harbor.bj/UPPER:1', 'harbor.bj/../app:1', 'harbor.bj/app:bad tag', 'harbor.bj/app@sha256:1'])(
    'refuses %j, which is no image',
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
    },
  );
});
