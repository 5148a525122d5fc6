import type { Migration } from './migration.ts';

/** Decisions by revision, and what clusters resolved lately. */
export const choices: Migration = {
  name: '0003-choices',
  async apply(db) {
    await db.schema
      .createTable('choices')
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('registry', 'text')
      .addColumn('who', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('evidence_json', 'text')
      .addColumn('previous', 'text')
      .addPrimaryKeyConstraint('choices_key', ['subject', 'revision'])
      .execute();
    await db.schema
      .createTable('release_uses')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('cluster', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('release_uses_key', ['name', 'digest', 'cluster'])
      .execute();
    await db.schema.createIndex('release_uses_by_name_at').on('release_uses').columns(['name', 'at']).execute();
  },
};
