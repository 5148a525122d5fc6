import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { ALL_PLATFORMS, platformSetOf } from '../../src/oci/platform-set.ts';
import { parseTag } from '../../src/oci/tag.ts';
import { migrate } from '../../src/store/migrate.ts';
import { ALL_MIGRATIONS } from '../../src/store/migrations/all-migrations.ts';
import { createSqliteFile } from '../../src/store/sqlite-file.ts';
import { openStore } from '../../src/store/store.ts';
import { openQueries } from '../../src/store/store-database.ts';
import { APP, sampleDigest, samplePush, sampleTransfer } from '../conformance/push-samples.ts';
import { openTempFolder } from '../support/temp-folder.ts';

/* What the version before knows: one placement of a digest at a registry, and no platforms of a release. */

const source = sampleDigest('source');
const ARM = platformSetOf(['linux/arm64']);
const TWO = platformSetOf(['linux/amd64', 'linux/arm64']);

/** As the version before does it when a leg is placed. */
function placeAsBefore(database: Database.Database, platforms: string, digest: string, at: number): void {
  database
    .prepare(
      `insert into placements (name, source_digest, registry, digest, rewritten_json, selection, placed_at, verified_at)
       values (@name, @source, 'singapore', @digest, '["platforms"]', @selection, @at, @at)
       on conflict (name, source_digest, registry) do update set
         digest = excluded.digest, selection = excluded.selection, verified_at = excluded.verified_at`,
    )
    .run({ name: APP, source, digest, selection: `platforms=${platforms};referrers=yes;attestations=keep`, at });
}

/** As the version before does it when a push is accepted. */
function releaseAsBefore(database: Database.Database, tag: string, platforms: readonly string[], at: number): void {
  const push = {
    ...{
      id: `push_${at}`,
      name: APP,
      tag,
      digest: source,
      source_kind: 'registry',
      purpose: 'release',
      state: 'placed',
    },
    ...{ unchanged: 0, created_at: at, deadline_at: at, priority: 'normal', referrers: 1, labels_json: '{}' },
    ...{ bytes_landed: 1, platforms_json: JSON.stringify(platforms) },
  };
  const columns = Object.keys(push);
  const values = columns.map((column) => `@${column}`);
  database.prepare(`insert into pushes (${columns.join()}) values (${values.join()})`).run(push);
  const release = { id: push.id, name: APP, tag, digest: source, at };
  database.prepare(`insert into releases values (@id, @name, @tag, @digest, @at, 1)`).run(release);
  database
    .prepare(
      `insert into tags (name, tag, push_id, digest, accepted_at) values (@name, @tag, @id, @digest, @at)
       on conflict (name, tag) do update set push_id = excluded.push_id, accepted_at = excluded.accepted_at`,
    )
    .run(release);
}

test('what the version before wrote is read as what it was, also where it went on afterwards', async () => {
  await using folder = await openTempFolder('other-placements');
  const file = join(folder.path, 'entrepot.db');
  const position = ALL_MIGRATIONS.findIndex(({ name }) => name === '0019-other-placements');
  await createSqliteFile(file, async (connection) => {
    await migrate(openQueries(connection), ALL_MIGRATIONS.slice(0, position), () => 1);
  });
  const before = new Database(file);
  releaseAsBefore(before, 'full', [], 1);
  releaseAsBefore(before, 'arm', ['linux/arm64'], 2);
  releaseAsBefore(before, 'two', ['linux/arm64', 'linux/amd64'], 3);
  // The push of `arm` has taken the place of what `full` had there.
  placeAsBefore(before, 'linux/arm64', sampleDigest('arm'), 10);

  const store = await openStore({ folder: folder.path });
  const releases = [...store.images.currentReleases(APP)].map(({ tag, platformSet }) => [tag, platformSet]);
  expect(releases).toEqual([
    ['arm', ARM],
    ['full', ALL_PLATFORMS],
    ['two', TWO],
  ]);
  expect((await store.pushes.findRelease(APP, parseTag('arm')))?.platformSet).toBe(ARM);
  const placed = () =>
    [...store.images.currentPlacements(APP)].map(({ platformSet, digest }) => `${platformSet} ${digest}`);
  expect(placed()).toEqual([`${ARM} ${sampleDigest('arm')}`]);

  // `full` is placed again, and `arm` stays.
  const key = { registry: 'singapore', name: APP, sourceDigest: source };
  await store.pushes.createPush(samplePush({ id: 'push_9' }), [sampleTransfer('push_9')]);
  const whole = {
    ...{ ...key, platformSet: ALL_PLATFORMS, digest: source, rewritten: [] },
    ...{ selection: 'platforms=;referrers=yes;attestations=keep', placedAt: 20, verifiedAt: 20 },
  };
  await store.pushes.placeTransfer('push_9', 'singapore', {}, whole);
  expect(placed()).toEqual([`${ARM} ${sampleDigest('arm')}`, ` ${source}`]);

  // The version before is started on the same data, pushes, and is followed by this one: what it saw last counts.
  releaseAsBefore(before, 'full', ['linux/arm64'], 30);
  placeAsBefore(before, 'linux/arm64', sampleDigest('arm anew'), 30);
  // Whoever goes through them keeps the last of the same.
  expect(placed().at(-1)).toBe(`${ARM} ${sampleDigest('arm anew')}`);
  expect((await store.pushes.findRelease(APP, parseTag('full')))?.platformSet).toBe(ARM);
  expect(await store.pushes.findPlacement({ ...key, platformSet: ARM })).toMatchObject({ verifiedAt: 30 });
  expect(await store.pushes.listPlacements(APP, source)).toHaveLength(1);
  await store.pushes.withdrawPlacement({ ...key, platformSet: ARM });
  expect(placed()).toEqual([]);
  before.close();
  await store.close();
});
