import { expect, test } from 'vitest';
import { describeChanges } from '../../src/access/configuration-changes.ts';

const before = {
  registries: [
    { name: 'aliyun', role: 'home', credentials: { kind: 'basic', password: { from: 'env', name: 'ACR' } } },
    { name: 'korea', role: 'relay' },
  ],
  clusters: [{ name: 'us', pulls: 'home' }],
  limits: { chunkBytes: 8 },
  choices: [{ pattern: '*', registry: 'korea' }],
};

test('nothing that is the same is told, in whatever order it stands', () => {
  expect(describeChanges(before, structuredClone(before))).toEqual([]);
  expect(describeChanges(before, { ...before, registries: before.registries.toReversed() })).toEqual([]);
});

test('each change is a line that says what it was and what it is', () => {
  const after = {
    ...before,
    registries: [
      { name: 'aliyun', role: 'home', credentials: { kind: 'basic', password: { from: 'file', name: 'ACR' } } },
      { name: 'japan', role: 'relay' },
    ],
    clusters: [{ name: 'us', pulls: 'choice' }],
    limits: { chunkBytes: 16, stallMs: 5 },
    choices: [],
  };
  expect(describeChanges(before, after)).toEqual([
    'registries.aliyun.credentials.password.from: env → file',
    'registries.japan: added',
    'registries.korea: removed',
    'clusters.us.pulls: home → choice',
    'limits.chunkBytes: 8 → 16',
    'limits.stallMs: added, 5',
    'choices: [{"pattern":"*","registry":"korea"}] → []',
  ]);
});

test('a configuration that is new as a whole is not retold', () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`k${n}`, n]));
  const changes = describeChanges({}, many);
  expect(changes).toHaveLength(101);
  expect(changes.at(-1)).toBe('and 50 more');
});
