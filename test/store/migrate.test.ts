import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { findAppliedMigrations, migrate } from '../../src/store/migrate.ts';
import { ALL_MIGRATIONS } from '../../src/store/migrations/all-migrations.ts';
import type { Migration } from '../../src/store/migrations/migration.ts';
import { openQueries } from '../../src/store/store-database.ts';

const NAMES = ALL_MIGRATIONS.map(({ name }) => name);

function openMemory() {
  const connection = new Database(':memory:');
  return { connection, db: openQueries(connection), [Symbol.dispose]: () => connection.close() };
}

test('names are unique and sort in the order of the steps', () => {
  expect(NAMES).toEqual([...new Set(NAMES)].sort());
});

test('from empty every step runs once and is recorded with its time', async () => {
  using opened = openMemory();
  expect(await migrate(opened.db, ALL_MIGRATIONS, () => 77)).toEqual(NAMES);
  expect(await migrate(opened.db, ALL_MIGRATIONS, () => 88)).toEqual([]);
  expect(opened.connection.prepare('select * from migrations order by name').all()).toEqual(
    NAMES.map((name) => ({ name, applied_at: 77 })),
  );
});

test('a step that is added later runs alone, over the rows that are there', async () => {
  using opened = openMemory();
  await migrate(opened.db, ALL_MIGRATIONS, () => 1);
  opened.connection.prepare(`insert into choices values ('*', 1, 'tokyo', 'ops', 1, null, null, null)`).run();
  const added: Migration = {
    name: '9000-added',
    async apply(db) {
      await db.schema.alterTable('choices').addColumn('extra', 'text').execute();
      await sql`update choices set extra = 'moved'`.execute(db);
    },
  };
  expect(await migrate(opened.db, [...ALL_MIGRATIONS, added], () => 2)).toEqual(['9000-added']);
  expect(opened.connection.prepare('select extra from choices').all()).toEqual([{ extra: 'moved' }]);
});

test('a step that fails half way leaves nothing of itself', async () => {
  using opened = openMemory();
  const failing: Migration = {
    name: '9000-failing',
    async apply(db) {
      await db.schema.createTable('half').addColumn('a', 'text').execute();
      throw new Error('half way');
    },
  };
  await expect(migrate(opened.db, [...ALL_MIGRATIONS, failing], () => 1)).rejects.toThrow('half way');
  expect(await findAppliedMigrations(opened.db)).toEqual(NAMES);
  expect(opened.connection.prepare(`select 1 from sqlite_master where name = 'half'`).all()).toEqual([]);
});

test.each([[['0000-unknown']], [[...NAMES, '9999-future']]])(
  'a database with the steps %j is refused',
  async (names) => {
    using opened = openMemory();
    await migrate(opened.db, [], () => 1);
    for (const name of names) opened.connection.prepare('insert into migrations values (?, 1)').run(name);
    await expect(migrate(opened.db, ALL_MIGRATIONS, () => 1)).rejects.toMatchObject({ code: 'data_unusable' });
  },
);
