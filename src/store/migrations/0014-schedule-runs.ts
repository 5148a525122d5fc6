import type { Migration } from './migration.ts';

/** What became of the times of schedules, and until when they were dealt with: a start tells which of them were missed. */
export const scheduleRuns: Migration = {
  name: '0014-schedule-runs',
  async apply(db) {
    await db.schema
      .createTable('schedule_runs')
      .addColumn('schedule', 'text', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('benchmark', 'text')
      .addColumn('passed_over', 'text')
      .addColumn('detail', 'text')
      .addPrimaryKeyConstraint('schedule_runs_key', ['schedule', 'due_at'])
      .execute();
    await db.schema
      .createTable('followed_schedules')
      .addColumn('schedule', 'text', (column) => column.primaryKey())
      .addColumn('timing', 'text', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
