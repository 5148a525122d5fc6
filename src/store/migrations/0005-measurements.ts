import type { Migration } from './migration.ts';

/**
 * The figures of benchmark samples: one row a sample for the rule, which needs them raw, and one blob of mergeable
 * sketches an hour for the report, which spans months.
 */
export const measurements: Migration = {
  name: '0005-measurements',
  async apply(db) {
    await db.schema
      .createTable('measurements')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('campaign', 'text', (column) => column.notNull())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('leg', 'text', (column) => column.notNull())
      .addColumn('round', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('payload_bytes', 'bigint', (column) => column.notNull())
      .addColumn('ok', 'integer', (column) => column.notNull())
      .addColumn('setup_seconds', 'double precision', (column) => column.notNull())
      .addColumn('rate', 'double precision')
      .addColumn('suspect', 'integer', (column) => column.notNull())
      .addColumn('stalls', 'integer', (column) => column.notNull())
      .addColumn('jitter_ms', 'double precision')
      .addColumn('idle_ms', 'double precision')
      .addColumn('loaded_ms', 'double precision')
      .execute();
    await db.schema.createIndex('measurements_by_time').on('measurements').column('at').execute();
    await db.schema
      .createTable('measured_hours')
      .addColumn('campaign', 'text', (column) => column.notNull())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('leg', 'text', (column) => column.notNull())
      .addColumn('payload_bytes', 'bigint', (column) => column.notNull())
      .addColumn('hour_at', 'bigint', (column) => column.notNull())
      .addColumn('samples', 'integer', (column) => column.notNull())
      .addColumn('figures', 'blob', (column) => column.notNull())
      .addPrimaryKeyConstraint('measured_hours_key', [
        'hour_at',
        'campaign',
        'site',
        'registry',
        'leg',
        'payload_bytes',
      ])
      .execute();
  },
};
