import { expect, test } from 'vitest';
import { findSuggestion } from '../../src/config/suggestion.ts';

const KEYS = ['kind', 'role', 'region', 'credentials', 'ca', 'oci', 'ecr', 'acr'];

test.each([
  ['ercr', 'ecr'],
  ['regoin', 'region'],
  ['Kind', 'kind'],
  ['credentails', 'credentials'],
  ['rol', 'role'],
])('%s means %s', (text, meant) => {
  expect(findSuggestion(text, KEYS)).toBe(meant);
});

test.each(['', 'hunter2', 'completely', 'x'.repeat(100_000)])('nothing is near to %.20s', (text) => {
  expect(findSuggestion(text, KEYS)).toBeUndefined();
});
