import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { ReleaseRecord } from '../sync/push/push-record.ts';
import type { Page, Paged } from '../sync/push/push-store.ts';
import { INSTANT_AND_ID, parseCursor, toPage } from './cursor.ts';
import { parseRelease } from './release-row.ts';
import type { Queries } from './schema.ts';

const TAG_COLUMNS = ['tags.name', 'tags.tag', 'tags.digest', 'tags.pushId', 'tags.acceptedAt'] as const;
const RELEASE_COLUMNS = [
  'releases.name',
  'releases.tag',
  'releases.digest',
  'releases.pushId',
  'releases.acceptedAt',
] as const;

/** What a tag means now. */
export async function findRelease(db: Queries, name: RepositoryName, tag: Tag): Promise<ReleaseRecord | undefined> {
  const row = await db
    .selectFrom('tags')
    .innerJoin('pushes', 'pushes.id', 'tags.pushId')
    .select([...TAG_COLUMNS, 'pushes.platformsJson'])
    .where('tags.name', '=', name)
    .where('tags.tag', '=', tag)
    .executeTakeFirst();
  return row === undefined ? undefined : parseRelease(row);
}

export async function listReleases(db: Queries, name: RepositoryName, page: Page): Promise<Paged<ReleaseRecord>> {
  let query = db
    .selectFrom('tags')
    .innerJoin('pushes', 'pushes.id', 'tags.pushId')
    .select([...TAG_COLUMNS, 'pushes.platformsJson'])
    .where('tags.name', '=', name);
  if (page.cursor !== undefined) {
    const after = parseCursor(page.cursor, INSTANT_AND_ID);
    query = query.where((eb) => eb(eb.refTuple('tags.acceptedAt', 'tags.pushId'), '<', eb.tuple(...after)));
  }
  const rows = await query
    .orderBy('tags.acceptedAt', 'desc')
    .orderBy('tags.pushId', 'desc')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.acceptedAt, row.pushId], parseRelease);
}

/** Releases that do not hold are left out: the tag has never meant them. */
export async function releaseHistory(
  db: Queries,
  name: RepositoryName,
  tag: Tag,
  page: Page,
): Promise<Paged<ReleaseRecord>> {
  let query = db
    .selectFrom('releases')
    .innerJoin('pushes', 'pushes.id', 'releases.pushId')
    .select([...RELEASE_COLUMNS, 'pushes.platformsJson'])
    .where('releases.name', '=', name)
    .where('releases.tag', '=', tag)
    .where('holds', '=', 1);
  if (page.cursor !== undefined) {
    const after = parseCursor(page.cursor, INSTANT_AND_ID);
    query = query.where((eb) => eb(eb.refTuple('releases.acceptedAt', 'releases.pushId'), '<', eb.tuple(...after)));
  }
  const rows = await query
    .orderBy('releases.acceptedAt', 'desc')
    .orderBy('releases.pushId', 'desc')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.acceptedAt, row.pushId], parseRelease);
}
