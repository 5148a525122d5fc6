import { expect, test } from 'vitest';
import type { BenchmarkRecord } from '../../../src/bench/campaign/benchmark-record.ts';
import type { Benchmark, NewBenchmark } from '../../../src/bench/campaign/benchmarks.ts';
import type { ScheduleRun } from '../../../src/bench/campaign/schedule-run.ts';
import { Schedules } from '../../../src/bench/campaign/schedules.ts';
import { Failure } from '../../../src/kernel/failure.ts';
import type { MeasuringSchedule } from '../../../src/regions/world.ts';
import type { Store } from '../../../src/store/store.ts';
import { openTestStore } from '../../store/open-test-store.ts';
import { eventually } from '../../support/eventually.ts';
import { TestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const NIGHTLY: MeasuringSchedule = {
  ...{ name: 'nightly', cron: '0 3 * * *', timeZone: 'Asia/Shanghai' },
  ...{ rounds: 2, legs: ['upload', 'download'], sites: ['us-east'], payloads: [1_000_000] },
};

/** Shanghai is eight hours ahead, all year: the next 18:30 UTC is half an hour before it begins. */
function halfAnHourBefore(): TestClock {
  const clock = new TestClock();
  clock.jump(18.5 * HOUR_MS + DAY_MS - (clock.nowMs() % DAY_MS));
  return clock;
}

function open(clock: TestClock, runs: Store['schedules'], schedule = NIGHTLY) {
  const begun: NewBenchmark[] = [];
  const running: BenchmarkRecord[] = [];
  const told: ScheduleRun[] = [];
  const state: { wait: 'quiet' | 'budget' | null; refusal: Failure | null } = { wait: null, refusal: null };
  const schedules = new Schedules({
    schedules: [schedule],
    benchmarks: {
      foresee: async () => state.wait,
      create: async (wanted) => {
        if (state.refusal !== null) throw state.refusal;
        begun.push(wanted);
        return { id: `bench_${begun.length}` } as Benchmark;
      },
    },
    store: { unfinished: async () => running },
    runs,
    clock,
    onPassedOver: (passed) => told.push(...passed),
    onError: (error) => {
      throw error;
    },
  });
  const asleep = () => eventually(() => clock.sleeping === 1, { what: 'the wait for the next time' });
  const standing = async () => (await schedules.list())[0];
  const reasons = async () => (await standing())?.runs.map((run) => run.passedOver ?? run.benchmark);
  return { schedules, begun, running, told, state, asleep, standing, reasons };
}

test('a benchmark begins at its time in its zone, once a night, and the next time is known', async () => {
  const clock = halfAnHourBefore();
  await using kept = await openTestStore();
  const { schedules, begun, asleep, standing, reasons } = open(clock, kept.store.schedules);
  const dueAt = Math.round((clock.nowMs() + HOUR_MS / 2) / HOUR_MS) * HOUR_MS;
  expect(await standing()).toEqual({ schedule: NIGHTLY, nextAt: dueAt, runs: [] });
  schedules.start();
  await asleep();
  clock.advance(0.4 * HOUR_MS);
  await asleep();
  expect(begun).toEqual([]);
  clock.advance(0.2 * HOUR_MS);
  await eventually(() => begun.length === 1, { what: 'the first night' });
  const { cron: _, timeZone: __, name, ...plan } = NIGHTLY;
  expect(begun).toEqual([{ schedule: name, ...plan }]);
  await asleep();
  expect(await standing()).toMatchObject({ nextAt: dueAt + DAY_MS, runs: [{ dueAt, benchmark: 'bench_1' }] });
  // A machine that slept for four nights: what was missed is not made up for in a burst.
  clock.advance(4 * DAY_MS);
  await eventually(() => begun.length === 2, { what: 'the night after' });
  await asleep();
  expect(await reasons()).toEqual(['bench_2', 'not_running', 'not_running', 'not_running', 'bench_1']);
  await schedules.close();
});

test('what passed while the service was down is told at the next start, once', async () => {
  const clock = halfAnHourBefore();
  await using kept = await openTestStore();
  const first = open(clock, kept.store.schedules);
  first.schedules.start();
  await first.asleep();
  await first.schedules.close();
  clock.jump(2 * DAY_MS);
  for (const missed of [2, 0]) {
    const again = open(clock, kept.store.schedules);
    again.schedules.start();
    await again.asleep();
    expect(again.told.map(({ passedOver }) => passedOver)).toEqual(Array(missed).fill('not_running'));
    expect(await again.reasons()).toEqual(['not_running', 'not_running']);
    expect(again.begun).toEqual([]);
    await again.schedules.close();
  }
  const other = open(clock, kept.store.schedules, { ...NIGHTLY, cron: '0 4 * * *' });
  clock.jump(DAY_MS);
  other.schedules.start();
  await other.asleep();
  expect(other.told).toEqual([]);
  await other.schedules.close();
});

test.each([
  ['still_running', null],
  ['quiet_hours', null],
  ['budget_used_up', null],
  ['refused', 'payloads must fit'],
] as const)('a time is passed over with its reason: %s', async (passedOver, detail) => {
  const clock = halfAnHourBefore();
  await using kept = await openTestStore();
  const { schedules, begun, running, told, state, asleep, reasons } = open(clock, kept.store.schedules);
  if (passedOver === 'still_running') running.push({ plan: { schedule: 'nightly' } } as BenchmarkRecord);
  if (passedOver === 'quiet_hours') state.wait = 'quiet';
  if (passedOver === 'budget_used_up') state.wait = 'budget';
  if (passedOver === 'refused') state.refusal = new Failure('validation_failed', 'payloads must fit');
  schedules.start();
  await asleep();
  clock.advance(HOUR_MS);
  await eventually(() => told.length === 1, { what: 'the time that is passed over' });
  expect(told).toMatchObject([{ schedule: 'nightly', benchmark: null, passedOver, detail }]);
  await asleep();
  running.pop();
  Object.assign(state, { wait: null, refusal: null });
  clock.advance(DAY_MS);
  await eventually(async () => (await reasons())?.length === 2, { what: 'the night after' });
  expect(await reasons()).toEqual(['bench_1', passedOver]);
  expect(begun).toHaveLength(1);
  await schedules.close();
});

test('a clock that was set back comes to times before the one that was waited for, and to none twice', async () => {
  const clock = halfAnHourBefore();
  let slept = 0;
  const { sleep } = clock;
  clock.sleep = (ms, signal) => {
    slept += 1;
    return sleep.call(clock, ms, signal);
  };
  /** Until it has looked at the clock once more. */
  const pass = async (ms: number) => {
    const before = slept;
    clock.advance(ms);
    await eventually(() => slept > before);
  };
  await using kept = await openTestStore();
  const { schedules, begun, asleep, reasons, standing } = open(clock, kept.store.schedules);
  schedules.start();
  await asleep();
  await pass(0.6 * HOUR_MS);
  await eventually(() => begun.length === 1, { what: 'the first night' });
  await asleep();
  // An hour back, the same night comes once more.
  clock.jump(-HOUR_MS);
  await pass(60_000);
  await pass(HOUR_MS);
  expect(begun).toHaveLength(1);
  // It jumps a week ahead, which is a night like any other, and is set right a little later.
  clock.jump(7 * DAY_MS);
  await pass(60_000);
  expect(begun).toHaveLength(2);
  clock.jump(-7 * DAY_MS);
  await pass(60_000);
  await pass(DAY_MS);
  expect(begun).toHaveLength(3);
  // Nights that have not come yet are nothing that was.
  expect(await reasons()).toEqual(['bench_3', 'bench_1']);
  expect((await standing())?.nextAt).toBeLessThan(clock.nowMs() + DAY_MS);
  await schedules.close();
});
