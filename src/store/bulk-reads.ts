import type Database from 'better-sqlite3';
import type { PlacementRecord, ReleaseRecord } from '../sync/push/push-record.ts';
import { KnownNames } from './known-names.ts';
import { placementParser } from './placement-row.ts';
import { releaseParser } from './release-row.ts';
import { toStoreFailure } from './sqlite-failure.ts';

/*
 * All releases and placements at start, a hundred thousand rows in a fraction of a second: read at once and without
 * promises, page by page in the order in which they lie in the file, so that no cursor stays open while the caller
 * works. Whoever goes through them without waiting in between sees one moment.
 */

// Rows in memory at once: some megabytes.
const ROWS_PER_PAGE = 5_000;

const RELEASES = `
  select rowid, name, tag, digest, push_id as "pushId", accepted_at as "acceptedAt" from tags
  where rowid > ? order by rowid limit ${ROWS_PER_PAGE}`;

const PLACEMENTS = `
  select rowid, name, source_digest as "sourceDigest", registry, digest, rewritten_json as "rewrittenJson", selection,
    placed_at as "placedAt", verified_at as "verifiedAt" from placements
  where rowid > ? order by rowid limit ${ROWS_PER_PAGE}`;

export function readCurrentReleases(reader: Database.Database): Iterable<ReleaseRecord> {
  return eachRow(reader, RELEASES, releaseParser(new KnownNames()), 'reading releases');
}

export function readCurrentPlacements(reader: Database.Database): Iterable<PlacementRecord> {
  return eachRow(reader, PLACEMENTS, placementParser(new KnownNames()), 'reading placements');
}

type Row = { readonly rowid: number };

function* eachRow<T>(
  reader: Database.Database,
  sql: string,
  parse: (row: unknown) => T,
  attempt: string,
): Generator<T, void, void> {
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = readPage(reader, sql, after, attempt);
    for (const row of rows) {
      yield parse(row);
      after = row.rowid;
    }
    if (rows.length < ROWS_PER_PAGE) return;
  }
}

function readPage(reader: Database.Database, sql: string, after: number, attempt: string): Row[] {
  try {
    return reader.prepare(sql).all(after) as Row[];
  } catch (error) {
    throw toStoreFailure(error, attempt);
  }
}
