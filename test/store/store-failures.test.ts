import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import { migrate } from '../../src/store/migrate.ts';
import { ALL_MIGRATIONS } from '../../src/store/migrations/all-migrations.ts';
import { sqlPushStore } from '../../src/store/sql-push-store.ts';
import { toStoreFailure } from '../../src/store/sqlite-failure.ts';
import { createSqliteFile, openSqliteFile } from '../../src/store/sqlite-file.ts';
import { openQueries, storeDatabase } from '../../src/store/store-database.ts';
import { samplePush, sampleTransfer } from '../conformance/push-samples.ts';
import { openTempFolder } from '../support/temp-folder.ts';

test('on a full disk a push is refused as a whole, and accepted once there is space', async () => {
  await using folder = await openTempFolder('store');
  const file = join(folder.path, 'entrepot.db');
  await createSqliteFile(file, async (connection) => {
    await migrate(openQueries(connection), ALL_MIGRATIONS, () => 1);
  });
  const connection = openSqliteFile(file);
  const database = storeDatabase(connection);
  const store = sqlPushStore(database);
  // A bound on the pages of the file answers as a disk without space does.
  const pages = Number(connection.pragma('page_count', { simple: true }));
  connection.pragma(`max_page_count = ${pages}`);
  const push = samplePush({ id: 'push_1', labels: { big: 'x'.repeat(100_000) } });
  const refused = store.createPush(push, [sampleTransfer('push_1')]);
  await expect(refused).rejects.toMatchObject({
    code: 'disk_full',
    message: expect.stringMatching(/recording a push.*free space/),
  });
  expect(await store.findPush('push_1')).toBeUndefined();
  connection.pragma(`max_page_count = ${pages + 100}`);
  expect((await store.createPush(push, [sampleTransfer('push_1')])).created).toBe(true);
  await database.close();
});

test('a read-only database is named as such, with the remedy', async () => {
  await using folder = await openTempFolder('store');
  const file = join(folder.path, 'entrepot.db');
  await createSqliteFile(file, async (connection) => {
    await migrate(openQueries(connection), ALL_MIGRATIONS, () => 1);
  });
  const database = storeDatabase(new Database(file, { readonly: true }));
  await expect(sqlPushStore(database).createPush(samplePush({ id: 'push_1' }), [])).rejects.toMatchObject({
    code: 'data_unusable',
    message: expect.stringMatching(/writable/),
  });
  await database.close();
});

test('what a transaction began is undone when it throws, and the next one works', async () => {
  await using folder = await openTempFolder('store');
  const file = join(folder.path, 'entrepot.db');
  await createSqliteFile(file, async (connection) => {
    await migrate(openQueries(connection), ALL_MIGRATIONS, () => 1);
  });
  const database = storeDatabase(openSqliteFile(file));
  const store = sqlPushStore(database);
  const twice = [sampleTransfer('push_1'), sampleTransfer('push_1')];
  const refused = store.createPush(samplePush({ id: 'push_1' }), twice);
  await expect(refused).rejects.toMatchObject({ code: 'internal', message: expect.stringMatching(/UNIQUE/) });
  expect(await store.findPush('push_1')).toBeUndefined();
  expect((await store.createPush(samplePush({ id: 'push_1' }), [])).created).toBe(true);
  await database.close();
});

test.each([
  ['SQLITE_FULL', 'disk_full'],
  ['SQLITE_IOERR_SHMSIZE', 'disk_full'],
  ['SQLITE_IOERR_WRITE', 'data_unusable'],
  ['SQLITE_READONLY_DBMOVED', 'data_unusable'],
  ['SQLITE_CANTOPEN', 'data_unusable'],
  ['SQLITE_CORRUPT_INDEX', 'data_unusable'],
  ['SQLITE_NOTADB', 'data_unusable'],
  ['SQLITE_BUSY_SNAPSHOT', 'data_in_use'],
  ['SQLITE_CONSTRAINT_FOREIGNKEY', 'internal'],
] as const)('the result %s is the failure %s', (result, code) => {
  const failure = toStoreFailure(new Database.SqliteError('as SQLite says it', result), 'doing something');
  expect(failure.code).toBe(code);
  expect(failure.message).toContain(`doing something: the database answered ${result} (as SQLite says it)`);
});

test('failures pass as they are, file errors and defects get the attempt in front', () => {
  const failure = new Failure('revision_conflict', 'x');
  expect(toStoreFailure(failure, 'doing')).toBe(failure);
  expect(toStoreFailure(new TypeError('oops'), 'doing')).toMatchObject({ code: 'internal', message: 'doing: oops' });
  const fileError = (code: string) => Object.assign(new Error(code), { code, syscall: 'open' });
  expect(toStoreFailure(fileError('ENOSPC'), 'doing').code).toBe('disk_full');
  expect(toStoreFailure(fileError('EACCES'), 'doing').code).toBe('data_unusable');
});
