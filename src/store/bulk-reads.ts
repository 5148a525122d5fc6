import type Database from 'better-sqlite3';
import type { PlacementRecord, ReleaseRecord } from '../sync/push/push-record.ts';
import { parsePlacement } from './placement-row.ts';
import { parseRelease } from './release-row.ts';
import { toStoreFailure } from './sqlite-failure.ts';

/*
 * All releases and placements at start, a hundred thousand rows in a fraction of a second: read at once and without
 * promises, page by page along the primary key, so that no cursor stays open while the caller works. Whoever goes
 * through them without waiting in between sees one moment.
 */

// Rows in memory at once: some megabytes.
const ROWS_PER_PAGE = 5_000;

const RELEASES = `
  select name, tag, digest, push_id as "pushId", accepted_at as "acceptedAt" from tags
  where (name, tag) > (?, ?) order by name, tag limit ${ROWS_PER_PAGE}`;

const PLACEMENTS = `
  select name, source_digest as "sourceDigest", registry, digest, rewritten_json as "rewrittenJson", selection,
    placed_at as "placedAt", verified_at as "verifiedAt" from placements
  where (name, source_digest, registry) > (?, ?, ?) order by name, source_digest, registry limit ${ROWS_PER_PAGE}`;

export function readCurrentReleases(reader: Database.Database): Iterable<ReleaseRecord> {
  return eachRow(
    reader,
    RELEASES,
    ['', ''],
    parseRelease,
    (release) => [release.name, release.tag],
    'reading releases',
  );
}

export function readCurrentPlacements(reader: Database.Database): Iterable<PlacementRecord> {
  return eachRow(
    reader,
    PLACEMENTS,
    ['', '', ''],
    parsePlacement,
    (placement) => [placement.name, placement.sourceDigest, placement.registry],
    'reading placements',
  );
}

function* eachRow<T>(
  reader: Database.Database,
  sql: string,
  begin: readonly string[],
  parse: (row: unknown) => T,
  keyOf: (record: T) => readonly string[],
  attempt: string,
): Generator<T, void, void> {
  let after: readonly string[] | undefined = begin;
  while (after !== undefined) {
    const rows = readPage(reader, sql, after, attempt);
    let last: T | undefined;
    for (const row of rows) {
      last = parse(row);
      yield last;
    }
    after = rows.length < ROWS_PER_PAGE || last === undefined ? undefined : keyOf(last);
  }
}

function readPage(reader: Database.Database, sql: string, after: readonly string[], attempt: string): unknown[] {
  try {
    return reader.prepare(sql).all(...after);
  } catch (error) {
    throw toStoreFailure(error, attempt);
  }
}
