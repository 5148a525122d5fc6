import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { ALL_MIGRATIONS } from '../../src/store/migrations/all-migrations.ts';
import type { Migration } from '../../src/store/migrations/migration.ts';
import { openStore } from '../../src/store/store.ts';
import { openQueries } from '../../src/store/store-database.ts';
import { openTempFolder } from '../support/temp-folder.ts';

type Column = { name: string; type: string; notnull: number; dflt_value: string | null; pk: number };
type Shape = ReadonlyMap<string, { columns: readonly Column[]; rules: readonly string[] }>;

/** Every table with its columns, and what else a row must keep to: unique indexes and triggers. */
function readShape(connection: Database.Database): Shape {
  const tables = connection
    .prepare<[], { name: string }>(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`)
    .all();
  return new Map(
    tables.map(({ name }) => {
      const columns = connection
        .prepare<[], Column>(`select name, type, "notnull", dflt_value, pk from pragma_table_info('${name}')`)
        .all();
      const unique = connection
        .prepare<[], { name: string }>(`select name from pragma_index_list('${name}') where "unique" = 1`)
        .all();
      const triggers = connection
        .prepare<[string], { name: string }>(`select name from sqlite_master where type = 'trigger' and tbl_name = ?`)
        .all(name);
      return [name, { columns, rules: [...unique, ...triggers].map((rule) => rule.name) }];
    }),
  );
}

/** What a program that knows `before` would stumble over in `after`. */
function findBreaks(before: Shape, after: Shape): string[] {
  return [...before].flatMap(([table, { columns, rules }]) => {
    const now = after.get(table);
    if (now === undefined) return [`${table} is gone`];
    const changed = columns.filter(
      (column) => !now.columns.some((other) => JSON.stringify(other) === JSON.stringify(column)),
    );
    const demanded = now.columns.filter(
      (column) =>
        column.notnull === 1 && column.dflt_value === null && !columns.some(({ name }) => name === column.name),
    );
    return [
      ...changed.map(({ name }) => `${table}.${name} is not what it was`),
      ...demanded.map(({ name }) => `${table}.${name} must be given`),
      ...now.rules.filter((rule) => !rules.includes(rule)).map((rule) => `${table} has the new rule ${rule}`),
    ];
  });
}

test('the version before can go on after each step', async () => {
  const connection = new Database(':memory:');
  let before = readShape(connection);
  for (const [position, { name, breaks }] of ALL_MIGRATIONS.entries()) {
    await migrate(openQueries(connection), ALL_MIGRATIONS.slice(0, position + 1), () => 1);
    const after = readShape(connection);
    if (breaks !== true) expect(findBreaks(before, after), name).toEqual([]);
    before = after;
  }
  for (const [statement, told] of [
    ['drop table release_uses', 'release_uses is gone'],
    ['alter table choices rename column reason to why', 'choices.reason is not what it was'],
    ['alter table tokens add column more text not null default 1', undefined],
    ['create unique index once on tokens (name)', 'tokens has the new rule once'],
  ] as const) {
    connection.exec(statement);
    const after = readShape(connection);
    expect(findBreaks(before, after)).toEqual(told === undefined ? [] : [told]);
    before = after;
  }
  connection.close();
});

test('a database that a newer version added to is opened and written; one that it changed is refused', async () => {
  await using folder = await openTempFolder('newer');
  await (await openStore({ folder: folder.path })).close();
  const connection = new Database(`${folder.path}/entrepot.db`);
  const added: Migration = {
    name: '9000-added',
    async apply(db) {
      await db.schema.alterTable('tokens').addColumn('extra', 'text').execute();
      await db.schema.createTable('more').addColumn('a', 'text').execute();
    },
  };
  await migrate(openQueries(connection), [...ALL_MIGRATIONS, added], () => 2);
  const store = await openStore({ folder: folder.path });
  await store.tokens.addToken({
    ...{ id: 'tok_1', name: 'ci', hash: 'h', role: 'ci', images: ['*'], cluster: null, site: null, origin: 'api' },
    ...{ createdAt: 1, createdBy: 'admin', expiresAt: null, lastUsedAt: null, revokedAt: null },
  });
  expect(await store.tokens.unrevokedTokens()).toHaveLength(1);
  await store.close();
  const breaking: Migration = { name: '9001-breaking', breaks: true, apply: async () => {} };
  await migrate(openQueries(connection), [...ALL_MIGRATIONS, added, breaking], () => 3);
  connection.close();
  await expect(openStore({ folder: folder.path })).rejects.toMatchObject({ code: 'data_unusable' });
});
