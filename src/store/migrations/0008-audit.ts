import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** The audit log, which is added to and forgets what is old, and the configuration of the last start to compare with. */
export const audit: Migration = {
  name: '0008-audit',
  async apply(db) {
    await db.schema
      .createTable('audit')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('who', 'text')
      .addColumn('role', 'text')
      .addColumn('via', 'text')
      .addColumn('address', 'text')
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('about', 'text')
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('code', 'text')
      .addColumn('detail_json', 'text')
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('request_id', 'text')
      .execute();
    for (const column of ['who', 'action', 'about', 'outcome'] as const)
      await db.schema.createIndex(`audit_by_${column}`).on('audit').columns([column, 'id']).execute();
    await db.schema.createIndex('audit_by_time').on('audit').columns(['at']).execute();
    await sql`create trigger audit_stays before update on audit begin select raise(abort, 'entries of the audit log are never changed'); end`.execute(
      db,
    );
    await db.schema
      .createTable('configurations')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('document_json', 'text', (column) => column.notNull())
      .execute();
  },
};
