import { z } from 'zod';
import type { ScheduleRun } from '../bench/campaign/schedule-run.ts';
import type { ScheduleStore } from '../bench/campaign/schedule-store.ts';
import type { ScheduleRunRow } from './measuring-rows.ts';
import { parseRow } from './row-schema.ts';
import type { Changes } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

/** What a person may want to look back at. */
const KEPT = 20;

const runRow = z.object({
  schedule: z.string(),
  dueAt: z.number(),
  benchmark: z.string().nullable(),
  passedOver: z.enum(['not_running', 'still_running', 'quiet_hours', 'budget_used_up', 'refused']).nullable(),
  detail: z.string().nullable(),
});

/** The times of schedules in SQL. */
export function sqlScheduleStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): ScheduleStore {
  return {
    follow: (schedule, timing, nowMs) =>
      change('following a schedule', async (trx) => {
        const known = await trx
          .selectFrom('followedSchedules')
          .selectAll()
          .where('schedule', '=', schedule)
          .executeTakeFirst();
        if (known?.timing === timing) return known.seenAt;
        await trx
          .insertInto('followedSchedules')
          .values({ schedule, timing, seenAt: nowMs })
          .onConflict((conflict) => conflict.column('schedule').doUpdateSet({ timing, seenAt: nowMs }))
          .execute();
        return null;
      }),
    record: (runs) =>
      change('recording the times of a schedule', async (trx) => {
        for (const run of runs) await recordRun(trx, run);
        for (const [schedule, ofIt] of Map.groupBy(runs, (run) => run.schedule)) {
          const seenAt = Math.max(...ofIt.map(({ dueAt }) => dueAt));
          await trx.updateTable('followedSchedules').set({ seenAt }).where('schedule', '=', schedule).execute();
          // What is later was noted by a clock that was ahead.
          await trx.deleteFrom('scheduleRuns').where('schedule', '=', schedule).where('dueAt', '>', seenAt).execute();
        }
        for (const schedule of new Set(runs.map((run) => run.schedule))) await forgetOld(trx, schedule);
      }),
    runs: (schedule) =>
      read('reading the times of a schedule', async (db) => {
        const rows = await db
          .selectFrom('scheduleRuns')
          .selectAll()
          .where('schedule', '=', schedule)
          .orderBy('dueAt', 'desc')
          .limit(KEPT)
          .execute();
        return rows.map(parseRun);
      }),
  };
}

async function recordRun(trx: Changes, { schedule, dueAt, ...outcome }: ScheduleRun): Promise<void> {
  await trx
    .insertInto('scheduleRuns')
    .values({ schedule, dueAt, ...outcome })
    // A clock that was set back comes to the same time twice.
    .onConflict((conflict) => conflict.columns(['schedule', 'dueAt']).doUpdateSet(outcome))
    .execute();
}

async function forgetOld(trx: Changes, schedule: string): Promise<void> {
  const oldest = await trx
    .selectFrom('scheduleRuns')
    .select('dueAt')
    .where('schedule', '=', schedule)
    .orderBy('dueAt', 'desc')
    .offset(KEPT)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await trx.deleteFrom('scheduleRuns').where('schedule', '=', schedule).where('dueAt', '<=', oldest.dueAt).execute();
}

function parseRun(row: ScheduleRunRow): ScheduleRun {
  return parseRow(runRow, row, `run of the schedule ${row.schedule}`);
}
