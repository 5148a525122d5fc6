import { z } from 'zod';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ImageFilter, ImageSummary } from '../sync/push/image-catalogue.ts';
import type { Page, Paged } from '../sync/push/push-store.ts';
import { NAME_KEY, parseCursor, toPage } from './cursor.ts';
import { matchesAny } from './matches-any.ts';
import { nameColumn, parseRow } from './row-schema.ts';
import type { Queries } from './schema.ts';

const summaryRow = z.object({ name: nameColumn, tags: z.number(), pushedAt: z.number() });

/** By name. */
export async function listImages(db: Queries, filter: ImageFilter, page: Page): Promise<Paged<ImageSummary>> {
  let query = selectSummaries(db);
  if (filter.prefix !== undefined) {
    // A range, because LIKE has wildcards of its own and no index in every database. Names are ASCII: all that begin
    // so are below the prefix with a character of three bytes behind it.
    query = query.where('name', '>=', filter.prefix).where('name', '<', `${filter.prefix}\uffff`);
  }
  if (filter.patterns !== undefined) {
    const { patterns } = filter;
    query = query.where(({ ref }) => matchesAny(ref('name'), patterns));
  }
  if (page.cursor !== undefined) query = query.where('name', '>', parseCursor(page.cursor, NAME_KEY)[0]);
  const rows = await query
    .orderBy('name')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.name], parseSummary);
}

export async function findImage(db: Queries, name: RepositoryName): Promise<ImageSummary | undefined> {
  const row = await selectSummaries(db).where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : parseSummary(row);
}

function selectSummaries(db: Queries) {
  return db
    .selectFrom('tags')
    .select((eb) => ['name', eb.fn.countAll<number>().as('tags'), eb.fn.max('acceptedAt').as('pushedAt')])
    .groupBy('name');
}

function parseSummary(row: unknown): ImageSummary {
  return parseRow(summaryRow, row, 'an image');
}
