import type { Migration } from './migration.ts';

/** One connection against eight, once a campaign and registry, and the bytes that it took of the budget. */
export const flowDiagnoses: Migration = {
  name: '0017-flow-diagnoses',
  async apply(db) {
    await db.schema
      .createTable('flow_diagnoses')
      .addColumn('benchmark', 'text', (column) => column.notNull())
      .addColumn('registry', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('bytes', 'bigint', (column) => column.notNull())
      .addColumn('diagnosis_json', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('flow_diagnoses_key', ['benchmark', 'registry'])
      .execute();
    await db.schema.createIndex('flow_diagnoses_by_time').on('flow_diagnoses').column('at').execute();
  },
};
