import type { Migration } from './migration.ts';

/** Downloads that agents take: the desk where they lie, the agents, and the payloads kept at registries for them. */
export const downloads: Migration = {
  name: '0012-downloads',
  async apply(db) {
    await db.schema
      .createTable('desk_work')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('campaign', 'text', (column) => column.notNull())
      .addColumn('round', 'text', (column) => column.notNull())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('repository', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('payload_bytes', 'bigint', (column) => column.notNull())
      .addColumn('idle_ms', 'bigint')
      .addColumn('patience_ms', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('put_at', 'bigint', (column) => column.notNull())
      .addColumn('given_to', 'text')
      .execute();
    await db.schema.createIndex('desk_work_by_site').on('desk_work').columns(['site', 'state', 'id']).execute();
    await db.schema.createIndex('desk_work_by_state').on('desk_work').columns(['state', 'put_at']).execute();
    await db.schema
      .createTable('agents')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .addColumn('clock_offset_ms', 'double precision')
      .addPrimaryKeyConstraint('agents_key', ['site', 'name'])
      .execute();
    await db.schema.createIndex('agents_by_time').on('agents').column('seen_at').execute();
    await db.schema
      .createTable('kept_payloads')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('payload_bytes', 'bigint', (column) => column.notNull())
      .addColumn('repository', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('manifest', 'text', (column) => column.notNull())
      .addColumn('moved_bytes', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('kept_payloads_by_registry')
      .on('kept_payloads')
      .columns(['state', 'registry', 'payload_bytes'])
      .execute();
    await db.schema
      .createIndex('kept_payloads_by_time')
      .on('kept_payloads')
      .columns(['at', 'registry', 'moved_bytes'])
      .execute();
    // 1: it stands in for one that may come yet.
    await db.schema.alterTable('samples').addColumn('stands_in', 'integer').execute();
  },
};
