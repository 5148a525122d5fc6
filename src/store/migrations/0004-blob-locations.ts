import type { Migration } from './migration.ts';

/** Where a registry is known to hold a blob, so that another image there can mount it instead of having it sent. */
export const blobLocations: Migration = {
  name: '0004-blob-locations',
  async apply(db) {
    await db.schema
      .createTable('blob_locations')
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('repository', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('blob_locations_key', ['registry', 'digest'])
      .execute();
  },
};
