import { sql } from 'kysely';
import type { Migration, MigrationDatabase } from './migration.ts';

/** Pushes with their legs, what tags mean, keys for requests that must happen once, and what the depot must keep. */
export const pushes: Migration = {
  name: '0001-pushes',
  async apply(db) {
    await createPushes(db);
    await createTransfers(db);
    await createReleases(db);
    await db.schema
      .createTable('idempotency_keys')
      .addColumn('key', 'text', (column) => column.primaryKey().notNull())
      .addColumn('body_hash', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('push_id', 'text', (column) => column.notNull().references('pushes.id'))
      .execute();
    await index(db, 'idempotency_keys', ['expires_at']);

    // No reference to pushes: an archive's blobs are pinned while they land, before their push is recorded.
    await db.schema
      .createTable('pinned_blobs')
      .addColumn('push_id', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('pinned_blobs_key', ['push_id', 'digest'])
      .execute();
  },
};

async function createPushes(db: MigrationDatabase): Promise<void> {
  await db.schema
    .createTable('pushes')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('digest', 'text')
    .addColumn('source_kind', 'text', (column) => column.notNull())
    .addColumn('source_reference', 'text')
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('origin', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('unchanged', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('finished_at', 'bigint')
    .addColumn('deadline_at', 'bigint', (column) => column.notNull())
    .addColumn('priority', 'text', (column) => column.notNull())
    .addColumn('platforms_json', 'text', (column) => column.notNull())
    .addColumn('referrers', 'integer', (column) => column.notNull())
    .addColumn('labels_json', 'text', (column) => column.notNull())
    .addColumn('bytes_total', 'bigint')
    .addColumn('bytes_landed', 'bigint', (column) => column.notNull())
    .addCheckConstraint('push_state', sql`state in ('running', 'placed', 'partial', 'failed', 'cancelled')`)
    .addCheckConstraint('push_purpose', sql`purpose in ('release', 'backfill', 'repair')`)
    .addCheckConstraint('push_priority', sql`priority in ('urgent', 'normal', 'backfill')`)
    .execute();
  await index(db, 'pushes', ['created_at', 'id']);
  await index(db, 'pushes', ['state', 'created_at', 'id']);
  await index(db, 'pushes', ['name', 'created_at', 'id']);
  await index(db, 'pushes', ['name', 'tag', 'created_at', 'id']);
  await index(db, 'pushes', ['origin', 'state']);
}

async function createTransfers(db: MigrationDatabase): Promise<void> {
  await db.schema
    .createTable('transfers')
    .addColumn('push_id', 'text', (column) => column.notNull().references('pushes.id'))
    .addColumn('registry', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('digest', 'text')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_attempt_at', 'bigint')
    .addColumn('placed_at', 'bigint')
    .addColumn('error_json', 'text')
    .addColumn('lease_owner', 'text')
    .addColumn('lease_until', 'bigint')
    .addColumn('blobs_total', 'integer', (column) => column.notNull())
    .addColumn('blobs_done', 'integer', (column) => column.notNull())
    .addColumn('bytes_total', 'bigint', (column) => column.notNull())
    .addColumn('bytes_sent', 'bigint', (column) => column.notNull())
    .addColumn('bytes_saved_present', 'bigint', (column) => column.notNull())
    .addColumn('bytes_saved_mounted', 'bigint', (column) => column.notNull())
    .addColumn('bytes_resent', 'bigint', (column) => column.notNull())
    .addColumn('blobs_restarted', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('priority_rank', 'integer', (column) => column.notNull())
    .addColumn('push_created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('transfers_key', ['push_id', 'registry'])
    .addCheckConstraint(
      'transfer_state',
      sql`state in ('queued', 'running', 'verifying', 'waiting', 'placed', 'failed', 'cancelled')`,
    )
    .execute();
  await index(db, 'transfers', ['registry', 'state', 'priority_rank', 'push_created_at', 'push_id']);
  await index(db, 'transfers', ['registry', 'state', 'next_attempt_at']);
  await index(db, 'transfers', ['registry', 'name', 'tag', 'state']);
  await index(db, 'transfers', ['registry', 'push_created_at', 'push_id']);
  await index(db, 'transfers', ['state', 'lease_owner']);
}

async function createReleases(db: MigrationDatabase): Promise<void> {
  await db.schema
    .createTable('releases')
    .addColumn('push_id', 'text', (column) => column.primaryKey().notNull().references('pushes.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('digest', 'text')
    .addColumn('accepted_at', 'bigint', (column) => column.notNull())
    .addColumn('holds', 'integer', (column) => column.notNull())
    .execute();
  await index(db, 'releases', ['name', 'tag', 'holds', 'accepted_at', 'push_id']);
  await db.schema
    .createTable('tags')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('push_id', 'text', (column) => column.notNull().references('releases.push_id'))
    .addColumn('digest', 'text')
    .addColumn('accepted_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('tags_key', ['name', 'tag'])
    .execute();
  await index(db, 'tags', ['name', 'accepted_at', 'push_id']);
}

async function index(db: MigrationDatabase, table: string, columns: string[]): Promise<void> {
  await db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns(columns)
    .execute();
}
