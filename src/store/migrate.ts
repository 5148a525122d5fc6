import { sql } from 'kysely';
import { Failure } from '../kernel/failure.ts';
import type { Migration } from './migrations/migration.ts';
import type { Queries } from './schema.ts';

/**
 * Brings the schema to that of `migrations`: each step not yet recorded runs in a transaction of its own, together
 * with the record of its name and time. Returns the names of the steps that ran. Throws `data_unusable` where the
 * database has steps that this program does not know, because an older program would misread what a newer one wrote.
 */
export async function migrate(db: Queries, migrations: readonly Migration[], nowMs: () => number): Promise<string[]> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute();
  const applied = await findAppliedMigrations(db);
  requireKnown(applied, migrations);
  const pending = migrations.slice(applied.length);
  for (const migration of pending) await applyMigration(db, migration, nowMs());
  return pending.map(({ name }) => name);
}

/** Throws `data_unusable` where the database has steps that this program does not know. */
export async function requireKnownSchema(db: Queries, migrations: readonly Migration[]): Promise<void> {
  requireKnown(await findAppliedMigrations(db), migrations);
}

/** Has the database every step, and no other? Then `migrate` would write nothing. */
export async function isMigrated(db: Queries, migrations: readonly Migration[]): Promise<boolean> {
  const found = await sql`select 1 from sqlite_master where type = 'table' and name = 'migrations'`.execute(db);
  if (found.rows.length === 0) return false;
  const applied = await findAppliedMigrations(db);
  requireKnown(applied, migrations);
  return applied.length === migrations.length;
}

/** Names of the steps that the database has had, in their order. */
export async function findAppliedMigrations(db: Queries): Promise<string[]> {
  const rows = await db.selectFrom('migrations').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}

async function applyMigration(db: Queries, migration: Migration, nowMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await migration.apply(trx);
    await trx.insertInto('migrations').values({ name: migration.name, appliedAt: nowMs }).execute();
  });
}

function requireKnown(applied: readonly string[], migrations: readonly Migration[]): void {
  const stranger = applied.find((name, position) => migrations[position]?.name !== name);
  if (stranger === undefined) return;
  throw new Failure(
    'data_unusable',
    `the database has the schema step "${stranger}", which this version of entrepot does not have: start the version that wrote it (or a newer one), or restore a backup made before the upgrade`,
  );
}
