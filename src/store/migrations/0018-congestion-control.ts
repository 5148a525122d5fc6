import type { Migration } from './migration.ts';

/** How uploads were sent, beside their figures: a report tells what that means for them. */
export const congestionControl: Migration = {
  name: '0018-congestion-control',
  async apply(db) {
    await db.schema.alterTable('measurements').addColumn('congestion_control', 'text').execute();
  },
};
