import type { Migration } from './migration.ts';

/** Notices on their way, what is being told of, and who subscribed through the API. */
export const notices: Migration = {
  name: '0009-notices',
  async apply(db) {
    await db.schema
      .createTable('notice_deliveries')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('receiver', 'text', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addColumn('notice_json', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('next_attempt_at', 'bigint')
      .addColumn('deadline_at', 'bigint', (column) => column.notNull())
      .addColumn('delivered_at', 'bigint')
      .addColumn('last_error', 'text')
      .execute();
    const index = (name: string, columns: ('receiver' | 'state' | 'next_attempt_at' | 'id' | 'created_at')[]) =>
      db.schema.createIndex(name).on('notice_deliveries').columns(columns).execute();
    await index('notice_deliveries_by_turn', ['receiver', 'state', 'next_attempt_at', 'id']);
    await index('notice_deliveries_by_receiver', ['receiver', 'id']);
    await index('notice_deliveries_by_state', ['state', 'id']);
    await index('notice_deliveries_by_time', ['created_at']);
    await db.schema
      .createTable('notice_troubles')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('since', 'bigint', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('told_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('notice_subscriptions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('receiver', 'text', (column) => column.notNull())
      .addColumn('events_json', 'text', (column) => column.notNull())
      .addColumn('images_json', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .execute();
  },
};
