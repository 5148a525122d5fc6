import type Database from 'better-sqlite3';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { PlacementRecord, ReleaseRecord } from '../sync/push/push-record.ts';
import { placementOf } from './placement-row.ts';
import { releaseOf } from './release-row.ts';
import { toStoreFailure } from './sqlite-failure.ts';

/*
 * Everything that is kept in memory of an image, read at once and without promises: a hundred thousand rows in a
 * fraction of a second. It comes page by page, so that no cursor stays open while the caller works, and as plain lists
 * of values. Whoever goes through it without waiting in between sees one moment.
 */

// Rows in memory at once: some hundreds of kilobytes.
const ROWS_PER_PAGE = 1_000;
// Each costs a walk over the tags of one image.
const NAMES_PER_PAGE = 100;

const NAMES = `
  select name from (select distinct name from tags where name > @after order by name limit ${NAMES_PER_PAGE})
  union
  select name from (select distinct name from placements where name > @after order by name limit ${NAMES_PER_PAGE})
  union
  select name from (select distinct name from other_placements where name > @after order by name limit ${NAMES_PER_PAGE})
  order by name limit ${NAMES_PER_PAGE}`;

const RELEASES = `
  select tag, digest,
    (select platforms_json from pushes indexed by pushes_of_platforms where id = push_id and platforms_json <> '[]'),
    push_id, accepted_at
  from tags
  where name = ? and tag > ? order by tag limit ${ROWS_PER_PAGE}`;

const PLACEMENT =
  'source_digest, registry, nullif(digest, source_digest), rewritten_json, selection, placed_at, verified_at';

const PLACEMENTS = `
  select ${PLACEMENT} from placements
  where name = ? and (source_digest, registry) > (?, ?) order by source_digest, registry limit ${ROWS_PER_PAGE}`;

const OTHER_PLACEMENTS = `
  select ${PLACEMENT}, platform_set from other_placements
  where name = ? and (source_digest, registry, platform_set) > (?, ?, ?)
  order by source_digest, registry, platform_set limit ${ROWS_PER_PAGE}`;

type Row = readonly unknown[];

export type ImageReads = {
  imageNames(after: string): readonly RepositoryName[];
  currentReleases(name: RepositoryName): Iterable<ReleaseRecord>;
  currentPlacements(name: RepositoryName): Iterable<PlacementRecord>;
};

export function imageReads(reader: Database.Database): ImageReads {
  // Prepared when first asked for, once: there is a question of each kind for every image.
  const names = lazily(() => reader.prepare<[{ after: string }], string>(NAMES).pluck());
  const releases = lazily(() => reader.prepare<unknown[], Row>(RELEASES).raw());
  const placements = lazily(() => reader.prepare<unknown[], Row>(PLACEMENTS).raw());
  const others = lazily(() => reader.prepare<unknown[], Row>(OTHER_PLACEMENTS).raw());
  return {
    imageNames: (after) =>
      reading('listing images', () => names().all({ after })).map((name) => parseRepositoryName(name)),
    *currentReleases(name) {
      for (const row of pages((after) => releases().all(name, ...after), [0], [''])) yield releaseOf(name, row);
    },
    *currentPlacements(name) {
      // Where both tables have the same, `placements` is right: whoever goes by what comes last is told it last.
      for (const row of pages((after) => others().all(name, ...after), [0, 1, 7], ['', '', '']))
        yield placementOf(name, row);
      for (const row of pages((after) => placements().all(name, ...after), [0, 1], ['', '']))
        yield placementOf(name, row);
    },
  };
}

/** `key` are the columns that the rows are ordered by, `after` the values that come before all of them. */
function* pages(read: (after: Row) => Row[], key: readonly number[], after: Row): Generator<Row, void, void> {
  let last = after;
  for (;;) {
    const rows = reading('reading an image', () => read(last));
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < ROWS_PER_PAGE) return;
    last = key.map((column) => end[column]);
  }
}

function reading<T>(attempt: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toStoreFailure(error, attempt);
  }
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
