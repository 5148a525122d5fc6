import type { Migration } from './migration.ts';

/** Uploads of blobs that are still growing, whose digest is known at their end. Versions after this one need no mark for them. */
export const provisionalUploads: Migration = {
  name: '0015-provisional-uploads',
  async apply(db) {
    // 1: the digest only stands in for one that is not known yet.
    await db.schema.alterTable('uploads').addColumn('is_provisional', 'integer').execute();
    await db.schema.createIndex('uploads_provisional').on('uploads').column('is_provisional').execute();
  },
};
