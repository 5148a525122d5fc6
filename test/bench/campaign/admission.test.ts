import { expect, test } from 'vitest';
import { Admission } from '../../../src/bench/campaign/admission.ts';
import type { BenchmarksOptions } from '../../../src/bench/campaign/open-benchmarks.ts';
import { sampleWorld } from '../../choice/sample-world.ts';
import { TestClock } from '../../support/test-clock.ts';

const PLAN = {
  ...{ rounds: 1, legs: ['upload', 'download'] as const, sites: ['us-east'], seed: 1 },
  ...{ registries: ['korea', 'singapore'], payloads: [100_000, 200_000] },
};

/** Each may move 250 kB a day; what they have moved already is given. */
function open(moved: Record<string, number>, bytesOf?: BenchmarksOptions['bytesOf']) {
  const world = sampleWorld();
  const measuring = { ...world.measuring, bytesPerDay: 1e9, bytesPerDayAndRegistry: 250_000 };
  const store = { bytesSince: async (registry: string | null) => (registry === null ? 0 : (moved[registry] ?? 0)) };
  return new Admission({
    world: { ...world, measuring },
    store: store as Partial<BenchmarksOptions['store']> as BenchmarksOptions['store'],
    runStep: () => Promise.reject(new Error('nothing is measured here')),
    ...(bytesOf === undefined ? {} : { bytesOf }),
    clock: new TestClock(),
    onError: () => {},
  });
}

test.each([
  [100_000, 'left-out'],
  [200_000, 'budget'],
] as const)(
  'a registry without room is left out where another has room for the same size: %d bytes, %s',
  async (payloadBytes, verdict) => {
    const admission = open({ korea: 200_000, singapore: 100_000 });
    expect(await admission.admit('a', { registry: 'korea', leg: 'upload', payloadBytes }, PLAN)).toBe(verdict);
  },
);

test('what would have to be left at the other first counts in its room', async () => {
  const step = { registry: 'korea', leg: 'download', payloadBytes: 100_000, site: 'us-east' } as const;
  const moved = { korea: 200_000, singapore: 100_000 };
  expect(await open(moved).admit('a', step, PLAN)).toBe('left-out');
  const twice = open(moved, async ({ payloadBytes }) => 2 * payloadBytes);
  expect(await twice.admit('a', step, PLAN)).toBe('budget');
});
