import { describe, expect, test } from 'vitest';
import type { ScheduleRun } from '../../src/bench/campaign/schedule-run.ts';
import type { ScheduleStore } from '../../src/bench/campaign/schedule-store.ts';
import type { OpenForTest } from './push-store.ts';

const run = (dueAt: number, change: Partial<ScheduleRun> = {}): ScheduleRun => ({
  ...{ schedule: 'nightly', dueAt, benchmark: `bench_${dueAt}`, passedOver: null, detail: null },
  ...change,
});

/** What every implementation of the port `ScheduleStore` does. */
export function describeScheduleStore(name: string, open: OpenForTest<ScheduleStore>): void {
  describe(`${name} as schedule store`, () => {
    test('the times of a schedule come newest first, each once, as it was recorded last', async () => {
      await using opened = await open();
      const { store } = opened;
      const passed = run(20, { benchmark: null, passedOver: 'refused', detail: 'no such registry' });
      await store.record([run(10), passed]);
      await store.record([run(10, { schedule: 'weekly' }), run(20)]);
      expect(await store.runs('nightly')).toEqual([run(20), run(10)]);
      await store.record([passed]);
      expect(await store.runs('nightly')).toEqual([passed, run(10)]);
      expect(await store.runs('never')).toEqual([]);
    });

    test('only the newest twenty are kept', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.record(Array.from({ length: 30 }, (_, index) => run(index)));
      await store.record([run(30), run(1, { schedule: 'weekly' })]);
      expect((await store.runs('nightly')).map(({ dueAt }) => dueAt)).toEqual(
        Array.from({ length: 20 }, (_, index) => 30 - index),
      );
      expect(await store.runs('weekly')).toHaveLength(1);
    });

    test('a schedule is dealt with up to its last time, and anew when its timing changes', async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.follow('nightly', '0 3 * * * UTC', 100)).toBeNull();
      expect(await store.follow('nightly', '0 3 * * * UTC', 150)).toBe(100);
      await store.record([run(120), run(110)]);
      expect(await store.follow('nightly', '0 3 * * * UTC', 200)).toBe(120);
      expect(await store.follow('nightly', '0 4 * * * UTC', 300)).toBeNull();
      expect(await store.follow('nightly', '0 4 * * * UTC', 400)).toBe(300);
      expect(await store.follow('weekly', '0 4 * * * UTC', 400)).toBeNull();
    });
  });
}
