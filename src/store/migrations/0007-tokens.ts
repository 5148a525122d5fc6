import type { Migration } from './migration.ts';

/** Tokens by the hash of their secret. Revoked ones stay, so that the history can say whose they were. */
export const tokens: Migration = {
  name: '0007-tokens',
  async apply(db) {
    await db.schema
      .createTable('tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('images_json', 'text', (column) => column.notNull())
      .addColumn('cluster', 'text')
      .addColumn('site', 'text')
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .execute();
  },
};
