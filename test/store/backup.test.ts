import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { backupFolder, restoreFolder } from '../../src/store/backup.ts';
import { openStore } from '../../src/store/store.ts';
import { samplePush } from '../conformance/push-samples.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { openChild } from './child-process.ts';

async function write(folder: string, ...ids: string[]): Promise<void> {
  const store = await openStore({ folder });
  for (const id of ids) await store.pushes.createPush(samplePush({ id }), []);
  await store.close();
}

async function idsIn(folder: string): Promise<string[]> {
  const store = await openStore({ folder });
  const { items } = await store.pushes.listPushes({}, { limit: 500 });
  await store.close();
  return items.map(({ push }) => push.id).sort();
}

/** A backup of a folder that held `ids`. */
async function openBackup(folder: TempFolder, ...ids: string[]): Promise<string> {
  const from = join(folder.path, 'from');
  await write(from, ...ids);
  const file = join(folder.path, 'backup.db');
  backupFolder(from, file);
  return file;
}

describe('a backup of a folder', () => {
  test('ends beside a process that writes without end, and has all that was promised before it began', async () => {
    await using folder = await openTempFolder('backup');
    const data = join(folder.path, 'data');
    await write(data);
    await using writer = openChild('./store-writer.ts', [data, '0']);
    let line = '';
    for (let n = 0; n < 40; n += 1) line = await writer.nextLine();
    const promised = Number(line.split(' ')[1]);
    const file = join(folder.path, 'backup.db');
    const { pushes, bytes } = backupFolder(data, file);
    await writer.nextLine();
    expect(pushes).toBeGreaterThanOrEqual(promised);
    expect(statSync(file)).toMatchObject({ size: bytes, mode: 0o100600 });
    await restoreFolder(join(folder.path, 'other'), file);
    const ids = await idsIn(join(folder.path, 'other'));
    expect(ids).toHaveLength(pushes);
    for (let n = 0; n <= promised; n += 1) expect(ids).toContain(`push_${n}`);
  });

  test('replaces an earlier one, and is refused where there is no database or over the database', async () => {
    await using folder = await openTempFolder('backup');
    const data = join(folder.path, 'data');
    await write(data, 'push_1');
    const file = join(folder.path, 'backup.db');
    writeFileSync(file, 'an earlier one');
    expect(backupFolder(data, file).pushes).toBe(1);
    const refused = (...parts: [string, string]) => expect(() => backupFolder(...parts));
    refused(join(folder.path, 'nothing'), file).toThrow(`there is no database at ${join(folder.path, 'nothing')}`);
    refused(data, join(data, 'entrepot.db')).toThrow('over the database');
    refused(data, join(folder.path, 'no', 'folder.db')).toThrow('writing a backup');
    const withCode = (code: string) => expect.objectContaining({ code });
    refused(data, join(data, 'entrepot.db')).toThrow(withCode('validation_failed'));
    refused(data, join(folder.path, 'no', 'folder.db')).toThrow(withCode('data_unusable'));
    expect(readdirSync(folder.path).sort()).toEqual(['backup.db', 'data']);
  });
});

describe('restoring', () => {
  test('brings back what the backup has, and keeps what was there', async () => {
    await using folder = await openTempFolder('restore');
    const file = await openBackup(folder, 'push_1', 'push_2');
    const data = join(folder.path, 'data');
    await write(data, 'push_7');
    const { pushes, replaced } = await restoreFolder(data, file);
    expect([pushes, await idsIn(data)]).toEqual([2, ['push_1', 'push_2']]);
    expect(await idsIn(replaced ?? '')).toEqual(['push_7']);
    // The backup itself is as it was.
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect((await restoreFolder(join(folder.path, 'new'), file)).replaced).toBeNull();
  });

  test('takes the place of a database that is damaged', async () => {
    await using folder = await openTempFolder('restore');
    const file = await openBackup(folder, 'push_1');
    const data = join(folder.path, 'data');
    await write(data, 'push_7');
    truncateSync(join(data, 'entrepot.db'), 3_000);
    writeFileSync(join(data, 'entrepot.db-wal'), 'rubbish');
    const { replaced } = await restoreFolder(data, file);
    expect(await idsIn(data)).toEqual(['push_1']);
    expect(readdirSync(replaced ?? '').sort()).toEqual(['entrepot.db', 'entrepot.db-wal']);
  });

  test.each<[string, (file: string) => void, string, string]>([
    [
      'no database',
      (file) => writeFileSync(file, 'not a database at all'.repeat(100)),
      'data_unusable',
      'it is no backup of entrepot',
    ],
    ['a damaged one', (file) => truncateSync(file, 20_000), 'data_unusable', 'or it is damaged'],
    ['one of somebody else', replaceByForeign, 'data_unusable', 'it is no backup of entrepot'],
    ['one of a newer version', addMigration, 'data_unusable', 'newer'],
  ])('%s is refused, and the folder stays as it was', async (_, spoil, code, said) => {
    await using folder = await openTempFolder('restore');
    const file = await openBackup(folder, 'push_1');
    const data = join(folder.path, 'data');
    await write(data, 'push_7');
    spoil(file);
    const before = readFileSync(join(data, 'entrepot.db'));
    await expect(restoreFolder(data, file)).rejects.toMatchObject({ code, message: expect.stringContaining(said) });
    expect(readFileSync(join(data, 'entrepot.db')).equals(before)).toBe(true);
    expect(readdirSync(data)).toEqual(['entrepot.db']);
  });

  test('a file that is not there is refused', async () => {
    await using folder = await openTempFolder('restore');
    const missing = join(folder.path, 'none.db');
    await expect(restoreFolder(folder.path, missing)).rejects.toThrow(`there is no database at ${missing}`);
  });
});

function replaceByForeign(file: string): void {
  truncateSync(file, 0);
  const database = new Database(file);
  database.exec('create table theirs (a)');
  database.close();
}

function addMigration(file: string): void {
  const database = new Database(file);
  database.prepare(`insert into migrations (name, applied_at) values ('9999-future', 1)`).run();
  database.close();
}
