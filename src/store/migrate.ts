import { sql } from 'kysely';
import { Failure } from '../kernel/failure.ts';
import type { Migration } from './migrations/migration.ts';
import type { Queries } from './schema.ts';

/**
 * Brings the schema to that of `migrations`: each step not yet recorded runs in a transaction of its own, together
 * with the record of its name and time. Returns the names of the steps that ran. Steps of a newer program that only
 * added something are passed over, so that one can go back to the version before; for others that this program does not
 * know it throws `data_unusable`, because it would misread what the newer one wrote.
 */
export async function migrate(db: Queries, migrations: readonly Migration[], nowMs: () => number): Promise<string[]> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('additive_steps')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .execute();
  const applied = await findAppliedMigrations(db);
  await requireKnown(db, applied, migrations);
  const pending = migrations.slice(applied.length);
  for (const migration of pending) await applyMigration(db, migration, nowMs());
  return pending.map(({ name }) => name);
}

/** Throws `data_unusable` where the database has steps that this program does not know and cannot pass over. */
export async function requireKnownSchema(db: Queries, migrations: readonly Migration[]): Promise<void> {
  await requireKnown(db, await findAppliedMigrations(db), migrations);
}

/** Has the database every step? Then `migrate` would write nothing. */
export async function isMigrated(db: Queries, migrations: readonly Migration[]): Promise<boolean> {
  if (!(await hasTable(db, 'migrations'))) return false;
  const applied = await findAppliedMigrations(db);
  await requireKnown(db, applied, migrations);
  return applied.length >= migrations.length;
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
    if (migration.breaks !== true) await trx.insertInto('additiveSteps').values({ name: migration.name }).execute();
  });
}

async function requireKnown(db: Queries, applied: readonly string[], migrations: readonly Migration[]): Promise<void> {
  const isKnown = (name: string, position: number) => migrations[position]?.name === name;
  if (applied.every(isKnown)) return;
  const additive = (await hasTable(db, 'additive_steps'))
    ? (await db.selectFrom('additiveSteps').select('name').execute()).map(({ name }) => name)
    : [];
  const stranger = applied.find(
    (name, position) => !isKnown(name, position) && !(position >= migrations.length && additive.includes(name)),
  );
  if (stranger === undefined) return;
  throw new Failure(
    'data_unusable',
    `the database has the schema step "${stranger}", which this version of entrepot does not have: start the version that wrote it (or a newer one), or restore a backup made before the upgrade`,
  );
}

async function hasTable(db: Queries, name: string): Promise<boolean> {
  return (await sql`select 1 from sqlite_master where type = 'table' and name = ${name}`.execute(db)).rows.length > 0;
}
