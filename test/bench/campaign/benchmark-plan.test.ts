import { expect, test } from 'vitest';
import { bytesOfRound, neededPayloads, toPlan } from '../../../src/bench/campaign/benchmark-plan.ts';
import type { NewBenchmark } from '../../../src/bench/campaign/benchmarks.ts';
import { sampleWorld } from '../../choice/sample-world.ts';

const MB = 1_000_000;
const BOTH: NewBenchmark = { rounds: 3, legs: ['upload', 'download'], payloads: [MB, 16 * MB], sites: ['us-east'] };

function plan(wanted: NewBenchmark, budget: { bytesPerDay?: number; bytesPerDayAndRegistry?: number } = {}) {
  const world = sampleWorld();
  return toPlan({ ...world, measuring: { ...world.measuring, ...budget } }, { ...wanted, registries: ['singapore'] });
}

test('what downloads need is left once for each size, however many rounds', () => {
  expect(bytesOfRound(plan(BOTH))).toBe(34 * MB);
  expect(neededPayloads(plan(BOTH)).map(({ payloadBytes }) => payloadBytes)).toEqual([MB, 16 * MB]);
  expect(neededPayloads(plan({ ...BOTH, legs: ['upload'], sites: undefined }))).toEqual([]);
});

test('a plan fits the budget of a day only together with what it leaves for downloads', () => {
  expect(() => plan(BOTH, { bytesPerDayAndRegistry: 51 * MB })).not.toThrow();
  expect(() => plan(BOTH, { bytesPerDayAndRegistry: 51 * MB - 1 })).toThrow(
    'the first round, with what is left there for downloads, moves 51000000 bytes to each registry, and measuring.bytesPerDayAndRegistry is 50999999',
  );
  expect(() => plan(BOTH, { bytesPerDay: 51 * MB - 1 })).toThrow('measuring.bytesPerDay is 50999999');
});
