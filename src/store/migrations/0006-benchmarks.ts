import type { Migration } from './migration.ts';

/** Campaigns, and each sample with everything that was seen, compressed. */
export const benchmarks: Migration = {
  name: '0006-benchmarks',
  async apply(db) {
    await db.schema
      .createTable('benchmarks')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('finished_at', 'bigint')
      .addColumn('rounds_done', 'integer', (column) => column.notNull())
      .addColumn('plan_json', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('benchmarks_by_state').on('benchmarks').columns(['state', 'id']).execute();
    await db.schema
      .createTable('samples')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('benchmark', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('bytes', 'bigint', (column) => column.notNull())
      .addColumn('sample', 'blob', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('samples_by_benchmark').on('samples').columns(['benchmark', 'id']).execute();
    await db.schema.createIndex('samples_by_time').on('samples').columns(['at', 'registry', 'bytes']).execute();
  },
};
