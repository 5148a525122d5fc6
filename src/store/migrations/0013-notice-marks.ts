import type { Migration } from './migration.ts';

/** What was told and heard of, and the ways to what came after an instant: a start tells what a death left untold. */
export const noticeMarks: Migration = {
  name: '0013-notice-marks',
  async apply(db) {
    await db.schema
      .createTable('notice_marks')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('pushes_by_end').on('pushes').columns(['finished_at', 'id']).execute();
    await db.schema.createIndex('choices_by_time').on('choices').columns(['at', 'subject']).execute();
  },
};
