import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PrunedKind } from '../../src/store/retention-store.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { DAY_MS, seedYear } from './seed-year.ts';

const endsAt = 1_800_000_000_000;
const year = { endsAt, days: 365, pushesADay: 10 };
const halfYearAgo = endsAt - 180 * DAY_MS;

/** A year as it was; each test has a copy of its own. */
let seeded: TempFolder;
let folder: TempFolder;
let store: Store;

beforeAll(async () => {
  seeded = await openTempFolder('retention-year');
  await (await openStore({ folder: seeded.path })).close();
  seedYear(join(seeded.path, 'entrepot.db'), year);
});
afterAll(() => seeded.remove());
beforeEach(async () => {
  folder = await openTempFolder('retention');
  await cp(seeded.path, folder.path, { recursive: true });
  store = await openStore({ folder: folder.path });
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

/** Asks the database beside the store. */
function ask<T>(work: (database: Database.Database) => T): T {
  const database = new Database(join(folder.path, 'entrepot.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}
const count = (what: string) => ask((db) => Number(db.prepare(`select count(*) from ${what}`).pluck().get()));

async function pruneAll(kind: PrunedKind, beforeMs = halfYearAgo) {
  let removed = 0;
  let calls = 0;
  for (let from: string | null = null; ; ) {
    const pruned = await store.retention.prune(kind, beforeMs, from);
    removed += pruned.removed;
    calls += 1;
    if (pruned.next === null) return { removed, calls };
    from = pruned.next;
  }
}

it('legs of pushes that ended long ago go, but not those of what a tag means, and no release', async () => {
  const before = { releases: count('releases'), tags: count('tags'), placements: count('placements') };
  const isOld = `finished_at < ${halfYearAgo}`;
  const isNow = 'exists (select 1 from tags where tags.push_id = pushes.id)';
  const legsOf = (where: string) => count(`transfers join pushes on pushes.id = push_id where ${where}`);
  const [current, recent] = [legsOf(`${isOld} and ${isNow}`), legsOf(`not ${isOld}`)];
  expect(current).toBeGreaterThan(500);
  const { calls } = await pruneAll('pushes');
  expect(calls).toBeGreaterThan(5);
  expect(legsOf(`${isOld} and not ${isNow}`)).toBe(0);
  expect([legsOf(`${isOld} and ${isNow}`), legsOf(`not ${isOld}`)]).toEqual([current, recent]);
  expect({ releases: count('releases'), tags: count('tags'), placements: count('placements') }).toEqual(before);
  // The service's own pushes go whole, with the keys that made them; those of releases stay.
  expect(count(`pushes where ${isOld} and purpose = 'backfill'`)).toBe(0);
  expect(count(`pushes where purpose = 'release'`)).toBe(before.releases);
  expect(count('idempotency_keys')).toBe(count(`pushes where purpose = 'backfill'`));
  expect(ask((db) => db.pragma('foreign_key_check'))).toEqual([]);
  const { items } = await store.pushes.listPushes({}, { limit: 50 });
  expect(items).toHaveLength(50);
  expect((await store.pushes.findPush('push_0000000001'))?.transfers).toEqual([]);
});

it('a push that is under way again stays whole, however old it is', async () => {
  ask((db) => db.exec(`update pushes set state = 'running' where id in ('push_0000000001', 'push_0000000010')`));
  await pruneAll('pushes');
  for (const id of ['push_0000000001', 'push_0000000010'])
    expect((await store.pushes.findPush(id))?.transfers).toHaveLength(2);
});

it.each<[PrunedKind, string]>([
  ['samples', 'samples where at'],
  ['measurements', 'measurements where at'],
  ['hours', 'measured_hours where hour_at'],
  ['audit', 'audit where at'],
  ['notices', 'notice_deliveries where created_at'],
  ['uses', 'release_uses where at'],
])('%s that are old go, batch by batch, and no others', async (kind, what) => {
  const [old, recent] = [count(`${what} < ${halfYearAgo}`), count(`${what} >= ${halfYearAgo}`)];
  const { removed, calls } = await pruneAll(kind);
  expect(removed).toBeGreaterThanOrEqual(old);
  expect(calls).toBeGreaterThan(3);
  expect([count(`${what} < ${halfYearAgo}`), count(`${what} >= ${halfYearAgo}`)]).toEqual([0, recent]);
});

it('samples of a benchmark under way stay, and so do notices that are still to be delivered', async () => {
  ask((db) =>
    db.exec(`update benchmarks set state = 'running' where id = 'bm_00000';
      update notice_deliveries set state = 'pending' where id = 'msg_push_0000000001'`),
  );
  for (const kind of ['samples', 'notices', 'hours'] as const) await pruneAll(kind);
  expect(count(`samples where at < ${halfYearAgo}`)).toBe(48);
  expect(count(`notice_deliveries where created_at < ${halfYearAgo}`)).toBe(1);
  // Benchmarks go with the last hours that reports have of them, once no sample is theirs.
  expect(await store.benchmarks.find('bm_00000')).toBeDefined();
  expect(await store.benchmarks.find('bm_00001')).toBeUndefined();
  expect(await store.benchmarks.find('bm_00364')).toBeDefined();
});

it('downloads that are over go, and payloads that are gone', async () => {
  ask((db) => {
    const work = db.prepare(`insert into desk_work values (?, 'b', 'r', 's', 'x', 'n', 'd', 1, null, 1, ?, ?, null)`);
    for (const [id, state, putAt] of [
      ['w1', 'done', 1],
      ['w2', 'open', 1],
      ['w3', 'done', endsAt],
    ] as const)
      work.run(id, state, putAt);
    const payload = db.prepare(`insert into kept_payloads values (?, 'x', 1, '', '', '', 1, ?, 1, ?)`);
    for (const [id, at, state] of [
      ['p1', 1, 'gone'],
      ['p2', 1, 'kept'],
      ['p3', endsAt, 'failed'],
    ] as const)
      payload.run(id, at, state);
  });
  expect((await pruneAll('work')).removed).toBe(2);
  expect(count(`desk_work where id in ('w2', 'w3')`) + count(`kept_payloads where id in ('p2', 'p3')`)).toBe(4);
});

it('of where blobs are the newest million is kept', async () => {
  ask((db) => {
    const add = db.prepare(`insert into blob_locations (rowid, registry, digest, repository) values (?, 'x', ?, 'y')`);
    for (const rowid of [1, 2, 3, 1_000_002]) add.run(rowid, `d${rowid}`);
  });
  expect((await pruneAll('locations')).removed).toBe(2);
  expect(ask((db) => db.prepare('select rowid from blob_locations order by rowid').pluck().all())).toEqual([
    3, 1_000_002,
  ]);
});

it('when the clock was last believed is remembered', async () => {
  expect(await store.retention.trustedAt()).toBeUndefined();
  for (const at of [5, 4]) await store.retention.trust(at);
  expect(await store.retention.trustedAt()).toBe(4);
});
