import { expect, it } from 'vitest';
import { findMostConnections } from '../../src/app/most-connections.ts';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             96139                96139                processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;

it.each([
  ['a quarter is kept', '20000', 15_000],
  ['but no less than 64', '200', 136],
  ['and one is always let in', '32', 1],
  ['where there is no limit there is none', 'unlimited', undefined],
])('%s', (_what, soft, most) => {
  expect(findMostConnections(() => limits(soft))).toBe(most);
});

it('where the system does not tell there is none', () => {
  const missing = () => {
    throw new Error('ENOENT');
  };
  expect(findMostConnections(missing)).toBeUndefined();
});
