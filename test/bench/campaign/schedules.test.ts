import { expect, test } from 'vitest';
import type { BenchmarkRecord } from '../../../src/bench/campaign/benchmark-record.ts';
import type { Benchmark, NewBenchmark } from '../../../src/bench/campaign/benchmarks.ts';
import { Schedules } from '../../../src/bench/campaign/schedules.ts';
import type { MeasuringSchedule } from '../../../src/regions/world.ts';
import { eventually } from '../../support/eventually.ts';
import { TestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;

const NIGHTLY: MeasuringSchedule = {
  ...{ name: 'nightly', cron: '0 3 * * *', timeZone: 'Asia/Shanghai' },
  ...{ rounds: 2, legs: ['upload'], payloads: [1_000_000] },
};

/** Shanghai is eight hours ahead, all year: the next 18:30 UTC is half an hour before it begins. */
function halfAnHourBefore(): TestClock {
  const clock = new TestClock();
  const day = 24 * HOUR_MS;
  clock.jump(18.5 * HOUR_MS + day - (clock.nowMs() % day));
  return clock;
}

function open(clock: TestClock) {
  const begun: NewBenchmark[] = [];
  const running: BenchmarkRecord[] = [];
  const schedules = new Schedules({
    schedules: [NIGHTLY],
    benchmarks: {
      create: async (wanted) => {
        begun.push(wanted);
        return {} as Benchmark;
      },
    },
    store: { unfinished: async () => running },
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const asleep = () => eventually(() => clock.sleeping === 1, { what: 'the wait for the next time' });
  return { schedules, begun, running, asleep };
}

test('a benchmark begins at its time in its zone, once a night', async () => {
  const clock = halfAnHourBefore();
  const { schedules, begun, asleep } = open(clock);
  schedules.start();
  await asleep();
  clock.advance(0.4 * HOUR_MS);
  await asleep();
  expect(begun).toEqual([]);
  clock.advance(0.2 * HOUR_MS);
  await eventually(() => begun.length === 1, { what: 'the first night' });
  expect(begun).toEqual([{ schedule: 'nightly', rounds: 2, legs: ['upload'], payloads: [1_000_000] }]);
  await asleep();
  // A machine that slept for four nights: what was missed is not made up for in a burst.
  clock.advance(4 * 24 * HOUR_MS);
  await eventually(() => begun.length === 2, { what: 'the night after' });
  await asleep();
  expect(begun).toHaveLength(2);
  await schedules.close();
});

test('one that still runs is not doubled', async () => {
  const clock = halfAnHourBefore();
  const { schedules, begun, running, asleep } = open(clock);
  running.push({ plan: { schedule: 'nightly' } } as BenchmarkRecord);
  schedules.start();
  await asleep();
  clock.advance(HOUR_MS);
  await asleep();
  running.pop();
  clock.advance(24 * HOUR_MS);
  await eventually(() => begun.length === 1, { what: 'the night after' });
  await schedules.close();
});
