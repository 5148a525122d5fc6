import { expect, test } from 'vitest';
import { planRound } from '../../../src/bench/campaign/round-order.ts';

const plan = {
  rounds: 100,
  legs: ['upload'],
  registries: ['a', 'b', 'c', 'd'],
  payloads: [1, 2],
  seed: 5,
} as const;
const orderOf = (seed: number, round: number) =>
  planRound({ ...plan, seed }, round)
    .slice(0, 4)
    .map(({ registry }) => registry)
    .join('');

test('each round has every registry once a size', () => {
  const steps = planRound(plan, 3);
  expect(steps.map(({ registry, payloadBytes }) => `${registry}${payloadBytes}`).sort()).toEqual([
    'a1',
    'a2',
    'b1',
    'b2',
    'c1',
    'c2',
    'd1',
    'd2',
  ]);
  expect(steps.map(({ payloadBytes }) => payloadBytes)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
});

test('the seed repeats the orders, and rounds differ', () => {
  const orders = Array.from({ length: 100 }, (_, round) => orderOf(5, round));
  expect(Array.from({ length: 100 }, (_, round) => orderOf(5, round))).toEqual(orders);
  expect(new Set(orders).size).toBeGreaterThan(15);
  // Nobody is favoured: each is first about a quarter of the time.
  for (const registry of plan.registries) {
    const first = orders.filter((order) => order.startsWith(registry)).length;
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(45);
  }
});

test('a download is taken once at each site that is named, beside the upload', () => {
  const plan = { rounds: 1, legs: ['upload', 'download'], registries: ['a'], payloads: [1], seed: 1 } as const;
  expect(planRound({ ...plan, sites: ['us-east', 'eu'] }, 0).map(({ leg, site }) => [leg, site])).toEqual([
    ['upload', undefined],
    ['download', 'us-east'],
    ['download', 'eu'],
  ]);
});
