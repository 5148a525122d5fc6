import { expect, test } from 'vitest';
import type { BenchmarkRecord } from '../../../src/bench/campaign/benchmark-record.ts';
import type { BenchmarkStore } from '../../../src/bench/campaign/benchmark-store.ts';
import { openBenchmarks } from '../../../src/bench/campaign/open-benchmarks.ts';
import type { RoundStep } from '../../../src/bench/campaign/round-order.ts';
import type { Sample } from '../../../src/bench/sample.ts';
import { sampleWorld } from '../../choice/sample-world.ts';
import { eventually } from '../../support/eventually.ts';
import { TestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;

/** Remembers one campaign and which of its samples were recorded. */
function openMemory() {
  let record: BenchmarkRecord | undefined;
  const recorded: string[] = [];
  const store: Partial<BenchmarkStore> = {
    create: async (created) => {
      record = created;
    },
    update: async (_id, change) => {
      if (record !== undefined) record = { ...record, ...change };
    },
    find: async () => record,
    hasSample: async (id) => recorded.includes(id),
    recordSample: async ({ id }) => recorded.push(id) > 0,
    countSamples: async () => recorded.length,
    bytesSince: async () => 0,
  };
  return { store: store as BenchmarkStore, recorded };
}

test('in a quiet hour no sample is begun, after it the campaign goes on by itself', async () => {
  const clock = new TestClock();
  // In the middle of an hour, wherever the machine's clock stands.
  clock.jump(HOUR_MS / 2 - (clock.nowMs() % HOUR_MS));
  // Shanghai is eight hours ahead, all year.
  const quiet = Math.floor((clock.nowMs() + 8 * HOUR_MS) / HOUR_MS) % 24;
  const { store, recorded } = openMemory();
  const world = sampleWorld();
  const benchmarks = openBenchmarks({
    world: {
      ...world,
      measuring: { ...world.measuring, quietHours: [quiet] },
      recommendation: { ...world.recommendation, timeZone: 'Asia/Shanghai' },
    },
    store,
    runStep: async (_step: RoundStep, ids) => ids as Sample,
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const { id } = await benchmarks.create({ rounds: 1, legs: ['upload'], payloads: [1_000] });
  await eventually(async () => (await benchmarks.find(id)).waitingFor === 'quiet', {
    what: 'waiting for the end of the quiet hour',
  });
  expect(recorded).toEqual([]);

  clock.advance(HOUR_MS);
  await eventually(async () => (await benchmarks.find(id)).state === 'finished', { what: 'the end of the campaign' });
  expect(recorded.length).toBeGreaterThan(0);
  await benchmarks.close();
});
