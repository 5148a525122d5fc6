import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/**
 * What a registry holds of one digest of the source may be more than one image: each selection of platforms is one of its
 * own. `placements` has room for one, and keeps the newest, as the version before expects it; the others are here.
 */
export const otherPlacements: Migration = {
  name: '0019-other-placements',
  async apply(db) {
    await db.schema
      .createTable('other_placements')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('source_digest', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('platform_set', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('rewritten_json', 'text', (column) => column.notNull())
      .addColumn('selection', 'text', (column) => column.notNull())
      .addColumn('placed_at', 'bigint', (column) => column.notNull())
      .addColumn('verified_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('other_placements_key', ['name', 'source_digest', 'registry', 'platform_set'])
      .execute();
    await db.schema
      .createIndex('other_placements_by_verified_at')
      .on('other_placements')
      .columns(['verified_at', 'name', 'source_digest', 'registry', 'platform_set'])
      .execute();
    // Few pushes name platforms: what a release carries is found without reading the pushes of all others.
    await sql`create index pushes_of_platforms on pushes (id, platforms_json) where platforms_json <> '[]'`.execute(db);
  },
};
