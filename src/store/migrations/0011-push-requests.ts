import type { Migration } from './migration.ts';

/** The id of the call that asked for a push. */
export const pushRequests: Migration = {
  name: '0011-push-requests',
  async apply(db) {
    await db.schema.alterTable('pushes').addColumn('request_id', 'text').execute();
  },
};
