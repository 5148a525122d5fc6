import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { APP, sampleDigest, samplePlacement, samplePush, sampleTransfer, V1 } from '../conformance/push-samples.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const CHOICE = { subject: '*', registry: 'tokyo', who: 'ops', at: 1, reason: null, evidence: null, previous: null };

/** A data folder whose store held something and was closed. */
async function openUsedFolder() {
  const folder = await openTempFolder('store');
  const store = await openStore({ folder: folder.path });
  for (let n = 0; n < 50; n += 1) {
    await store.pushes.createPush(samplePush({ id: `push_${n}`, labels: { filler: 'x'.repeat(500) } }), []);
  }
  await store.close();
  return { folder, file: join(folder.path, 'entrepot.db') };
}

describe('a data folder', () => {
  test('keeps all that was written over closing and opening', async () => {
    await using folder = await openTempFolder('store');
    const first = await openStore({ folder: join(folder.path, 'data') });
    const push = samplePush({ id: 'push_1', digest: sampleDigest('a') });
    await first.pushes.createPush(push, [sampleTransfer('push_1')]);
    await first.pushes.placeTransfer('push_1', 'singapore', {}, samplePlacement());
    await first.pushes.pinBlobs('push_1', [{ digest: sampleDigest('blob'), size: 1 }]);
    const upload = {
      registry: 'r',
      repository: 'n',
      digest: sampleDigest('b'),
      location: 'l',
      offset: 1,
      sentUpTo: 2,
      updatedAt: 3,
    };
    await first.journal.save(upload);
    await first.choices.appendChoice(CHOICE);
    const before = await first.pushes.findPush('push_1');
    await first.close();

    const second = await openStore({ folder: join(folder.path, 'data') });
    expect(await second.pushes.findPush('push_1')).toEqual(before);
    expect(await second.pushes.findRelease(APP, V1)).toMatchObject({ pushId: 'push_1' });
    expect([...second.images.currentPlacements(APP)]).toEqual([samplePlacement()]);
    expect(await second.pushes.pinnedBlobs()).toEqual(new Set([sampleDigest('blob')]));
    expect(await second.journal.find('r', 'n', sampleDigest('b'))).toEqual(upload);
    expect(await second.choices.currentChoices()).toEqual([{ ...CHOICE, revision: 1 }]);
    await second.close();
  });

  test('is for its user alone', async () => {
    await using folder = await openTempFolder('store');
    const path = join(folder.path, 'data');
    const store = await openStore({ folder: path });
    await store.pushes.pinBlobs('push_1', []);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of ['entrepot.db', 'entrepot.db-wal']) {
      expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
    }
    await store.close();
  });

  test('loses the pins of an archive whose push was never recorded, at the next start', async () => {
    await using folder = await openTempFolder('store');
    const first = await openStore({ folder: folder.path });
    await first.pushes.pinBlobs('push_1', [{ digest: sampleDigest('orphan'), size: 1 }]);
    await first.close();
    const second = await openStore({ folder: folder.path });
    expect(await second.pushes.pinnedBlobs()).toEqual(new Set());
    await second.close();
  });

  test('begins anew where an earlier start died before its database had its name', async () => {
    await using folder = await openTempFolder('store');
    writeFileSync(join(folder.path, 'entrepot.db.new'), 'half of a database');
    const store = await openStore({ folder: folder.path });
    expect(await store.pushes.findPush('push_1')).toBeUndefined();
    await store.close();
  });
});

describe('a database that cannot be trusted is refused and left as it is', () => {
  const unusable = (remedy: RegExp) => ({ code: 'data_unusable', message: expect.stringMatching(remedy) });

  test.each<[string, (file: string) => void, RegExp]>([
    ['overwritten header', (file) => overwrite(file, 0, Buffer.from('this is not a database')), /restore/],
    ['damaged pages', (file) => overwrite(file, 8_192, Buffer.alloc(40_000, 0x5a)), /restore/],
    ['one damaged page of rows', damageRows, /it is damaged.*restore/],
    ['cut short', (file) => truncateSync(file, 20_000), /restore/],
    ['empty', (file) => truncateSync(file, 0), /restore it from a backup, or move it away/],
    ['somebody else’s', replaceByForeign, /not a database of entrepot/],
    ['from a newer version', addMigration, /"9999-future".*restore a backup/],
  ])('%s', async (_name, damage, remedy) => {
    const { folder, file } = await openUsedFolder();
    await using _folder = folder;
    damage(file);
    const before = readFileSync(file);
    await expect(openStore({ folder: folder.path })).rejects.toMatchObject(unusable(remedy));
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a large one is read through beside the start, which writes nothing to it before', async () => {
    const { folder, file } = await openUsedFolder();
    await using _folder = folder;
    const whole = await openStore({ folder: folder.path, checkedAtOnceBytes: 0 });
    await whole.whole;
    await whole.close();
    damageRows(file);
    const before = readFileSync(file);
    const store = await openStore({ folder: folder.path, checkedAtOnceBytes: 0 });
    await expect(store.whole).rejects.toMatchObject(unusable(/it is damaged.*restore/));
    await store.close();
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('missing where a service was at work', async () => {
    await using folder = await openTempFolder('store');
    await (await openStore({ folder: folder.path })).close();
    rmSync(join(folder.path, 'entrepot.db'));
    writeFileSync(join(folder.path, 'door-key'), '');
    await expect(openStore({ folder: folder.path })).rejects.toMatchObject({
      code: 'data_unusable',
      message: expect.stringMatching(/its database entrepot\.db is missing; put it back/),
    });
    expect(existsSync(join(folder.path, 'entrepot.db'))).toBe(false);
  });

  test('missing while its log is there', async () => {
    const { folder, file } = await openUsedFolder();
    await using _folder = folder;
    rmSync(file);
    writeFileSync(`${file}-wal`, 'what was written last');
    await expect(openStore({ folder: folder.path })).rejects.toMatchObject(unusable(/log/));
    expect(existsSync(file)).toBe(false);
  });

  test('a row that makes no sense is refused when it is read, and others are not', async () => {
    const { folder, file } = await openUsedFolder();
    await using _folder = folder;
    const database = new Database(file);
    database.prepare(`update pushes set labels_json = '{"a":1}' where id = 'push_3'`).run();
    database.prepare(`update pushes set platforms_json = '[' where id = 'push_4'`).run();
    database.close();
    const store = await openStore({ folder: folder.path });
    await expect(store.pushes.findPush('push_3')).rejects.toMatchObject(unusable(/push_3.*labelsJson/));
    await expect(store.pushes.findPush('push_4')).rejects.toMatchObject(unusable(/push_4.*platformsJson/));
    expect(await store.pushes.findPush('push_5')).toBeDefined();
    await store.close();
  });
});

describe('closing', () => {
  test('waits for what was begun, and refuses what comes after by rejecting', async () => {
    await using folder = await openTempFolder('store');
    const store = await openStore({ folder: folder.path });
    const begun = store.pushes.createPush(samplePush({ id: 'push_1' }), []);
    const closing = store.close();
    await expect(store.pushes.findPush('push_1')).rejects.toMatchObject({ code: 'not_ready' });
    expect((await begun).created).toBe(true);
    await closing;
    await store.close();
    const again = await openStore({ folder: folder.path });
    expect(await again.pushes.findPush('push_1')).toBeDefined();
    await again.close();
  });
});

function overwrite(file: string, offset: number, bytes: Buffer): void {
  const content = readFileSync(file);
  expect(content.length).toBeGreaterThan(offset + bytes.length);
  bytes.copy(content, offset);
  writeFileSync(file, content);
}

/** Damages a page that nothing reads at start but the check itself. */
function damageRows(file: string): void {
  overwrite(file, readFileSync(file).indexOf('x'.repeat(400)) & ~4_095, Buffer.alloc(4_095, 0x5a));
}

function replaceByForeign(file: string): void {
  rmSync(file);
  const database = new Database(file);
  database.exec('create table notes (text)');
  database.close();
}

function addMigration(file: string): void {
  const database = new Database(file);
  database.prepare('insert into migrations values (?, ?)').run('9999-future', 1);
  database.close();
}
