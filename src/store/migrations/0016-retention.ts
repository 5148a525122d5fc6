import type { Migration } from './migration.ts';

/** When the wall clock was last believed, and the ways to what is old. */
export const retention: Migration = {
  name: '0016-retention',
  async apply(db) {
    await db.schema
      .createTable('upkeep')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('release_uses_by_time').on('release_uses').column('at').execute();
    // Keys go with their push, which the database looks for in every table that names it.
    await db.schema.createIndex('idempotency_keys_by_push').on('idempotency_keys').column('push_id').execute();
  },
};
