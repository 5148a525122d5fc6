import type { Migration } from './migration.ts';

/** How legs went and what was expected of them, so that the next ones can be estimated and the estimates be judged. */
export const estimates: Migration = {
  name: '0010-estimates',
  async apply(db) {
    const add = (column: string, type: 'text' | 'integer') =>
      db.schema
        .alterTable('transfers')
        .addColumn(column, type, (made) => (type === 'integer' ? made.notNull().defaultTo(0) : made))
        .execute();
    await add('replaced_stalled', 'integer');
    await add('replaced_slow', 'integer');
    await add('congestion_control', 'text');
    await add('prediction_json', 'text');
    await add('run_json', 'text');
    await db.schema.createIndex('measurements_by_path').on('measurements').columns(['registry', 'leg', 'at']).execute();
    await db.schema.createIndex('transfers_by_placing').on('transfers').columns(['registry', 'placed_at']).execute();
  },
};
