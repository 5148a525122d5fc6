import type { Migration } from './migration.ts';

/** What is where, and the uploads on their way there. */
export const placements: Migration = {
  name: '0002-placements',
  async apply(db) {
    await db.schema
      .createTable('placements')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('source_digest', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('rewritten_json', 'text', (column) => column.notNull())
      .addColumn('selection', 'text', (column) => column.notNull())
      .addColumn('placed_at', 'bigint', (column) => column.notNull())
      .addColumn('verified_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('placements_key', ['name', 'source_digest', 'registry'])
      .execute();
    await db.schema
      .createIndex('placements_by_verified_at')
      .on('placements')
      .columns(['verified_at', 'name', 'source_digest', 'registry'])
      .execute();
    // Only uploads that are under way are here, a handful: no index for `updated_at`, which each chunk changes.
    await db.schema
      .createTable('uploads')
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('repository', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('location', 'text', (column) => column.notNull())
      .addColumn('offset_bytes', 'bigint', (column) => column.notNull())
      .addColumn('sent_up_to', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('uploads_key', ['registry', 'repository', 'digest'])
      .execute();
  },
};
