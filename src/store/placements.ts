import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { PlacementKey, PlacementRecord } from '../sync/push/push-record.ts';
import { parsePlacement, toPlacementRow } from './placement-row.ts';
import type { Changes, PlacementRow, Queries } from './schema.ts';

/*
 * A key has its row in `placements` or in `other_placements`. The first has room for one selection of platforms of a
 * digest at a registry, the one that was placed last; what it takes the room of moves to the other table. The version
 * before knows the first table alone, and may have written there since: where both have a key, the first is right.
 */

const TABLES = ['placements', 'otherPlacements'] as const;
type Table = (typeof TABLES)[number];

/** What a digest's placements at a registry have in common, whatever their platforms. */
const placeOf = ({ name, sourceDigest, registry }: Omit<PlacementKey, 'platformSet'>) => ({
  name,
  sourceDigest,
  registry,
});

/** Records a placement; one seen before becomes what was seen now. */
export async function savePlacement(trx: Changes, placement: PlacementRecord): Promise<void> {
  const before = await findFirst(trx, placement);
  if (before !== undefined && before.platformSet !== placement.platformSet) await setAside(trx, before);
  await dropOther(trx, placement);
  const row = toPlacementRow(placement);
  const { name: _name, sourceDigest: _sourceDigest, registry: _registry, ...seen } = row;
  await trx
    .insertInto('placements')
    .values(row)
    .onConflict((conflict) => conflict.columns(['name', 'sourceDigest', 'registry']).doUpdateSet(seen))
    .execute();
}

async function setAside(trx: Changes, placement: PlacementRecord): Promise<void> {
  const row = toPlacementRow(placement);
  await trx
    .insertInto('otherPlacements')
    .values({ ...row, platformSet: placement.platformSet })
    .onConflict((conflict) => conflict.columns(['name', 'sourceDigest', 'registry', 'platformSet']).doUpdateSet(row))
    .execute();
}

export async function findPlacement(db: Queries, key: PlacementKey): Promise<PlacementRecord | undefined> {
  const first = await findFirst(db, key);
  if (first?.platformSet === key.platformSet) return first;
  const row = await db
    .selectFrom('otherPlacements')
    .selectAll()
    .where((where) => where.and({ ...placeOf(key), platformSet: key.platformSet }))
    .executeTakeFirst();
  return row === undefined ? undefined : parsePlacement(row);
}

/** What `placements` has at the registry, of whatever platforms. */
async function findFirst(db: Queries, key: Omit<PlacementKey, 'platformSet'>): Promise<PlacementRecord | undefined> {
  const row = await db
    .selectFrom('placements')
    .selectAll()
    .where((where) => where.and(placeOf(key)))
    .executeTakeFirst();
  return row === undefined ? undefined : parsePlacement(row);
}

// Databases bound how many values one query may list (SQLite 32,766, PostgreSQL 65,535).
const MOST_DIGESTS = 1_000;

/** Placements of these digests of an image, by digest, registry and platforms. */
export async function listPlacements(
  db: Queries,
  name: RepositoryName,
  sourceDigests: readonly Digest[],
): Promise<readonly PlacementRecord[]> {
  const distinct = [...new Set(sourceDigests)].sort();
  const placements: PlacementRecord[] = [];
  for (let start = 0; start < distinct.length; start += MOST_DIGESTS) {
    for (const table of TABLES) {
      const rows = await db
        .selectFrom(table)
        .selectAll()
        .where('name', '=', name)
        .where('sourceDigest', 'in', distinct.slice(start, start + MOST_DIGESTS))
        .execute();
      for (const row of rows) placements.push(parsePlacement(row));
    }
  }
  return distinctPlacements(placements).sort(compareKeys);
}

/** Of two of the same key, the first. */
function distinctPlacements(placements: Iterable<PlacementRecord>): PlacementRecord[] {
  const byKey = new Map<string, PlacementRecord>();
  for (const placement of placements) {
    const { name, sourceDigest, registry, platformSet } = placement;
    const key = `${name} ${sourceDigest} ${registry} ${platformSet}`;
    if (!byKey.has(key)) byKey.set(key, placement);
  }
  return [...byKey.values()];
}

export async function confirmPlacement(trx: Changes, key: PlacementKey, verifiedAt: number): Promise<void> {
  if ((await findFirst(trx, key))?.platformSet === key.platformSet) {
    await trx
      .updateTable('placements')
      .set({ verifiedAt })
      .where((where) => where.and(placeOf(key)))
      .execute();
  }
  await trx
    .updateTable('otherPlacements')
    .set({ verifiedAt })
    .where((where) => where.and({ ...placeOf(key), platformSet: key.platformSet }))
    .execute();
}

export async function withdrawPlacement(trx: Changes, key: PlacementKey): Promise<void> {
  await dropOther(trx, key);
  if ((await findFirst(trx, key))?.platformSet !== key.platformSet) return;
  await trx
    .deleteFrom('placements')
    .where((where) => where.and(placeOf(key)))
    .execute();
}

async function dropOther(trx: Changes, key: PlacementKey): Promise<void> {
  await trx
    .deleteFrom('otherPlacements')
    .where((where) => where.and({ ...placeOf(key), platformSet: key.platformSet }))
    .execute();
}

export async function stalePlacements(
  db: Queries,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  limit: number,
  registry?: string,
): Promise<readonly PlacementRecord[]> {
  const ahead = await listVerified(db, '>', toMs, limit, registry);
  const old = ahead.length < limit ? await listVerified(db, '<', fromMs, limit - ahead.length, registry) : [];
  return [...ahead, ...old];
}

async function listVerified(
  db: Queries,
  comparison: '<' | '>',
  atMs: number,
  limit: number,
  registry: string | undefined,
): Promise<readonly PlacementRecord[]> {
  const rows: PlacementRow[] = [];
  for (const table of TABLES) rows.push(...(await listVerifiedOf(db, table, comparison, atMs, limit, registry)));
  const placements = distinctPlacements(rows.map(parsePlacement));
  return placements.sort((a, b) => a.verifiedAt - b.verifiedAt || compareKeys(a, b)).slice(0, limit);
}

function listVerifiedOf(
  db: Queries,
  table: Table,
  comparison: '<' | '>',
  atMs: number,
  limit: number,
  registry: string | undefined,
): Promise<PlacementRow[]> {
  let query = db.selectFrom(table).selectAll().where('verifiedAt', comparison, atMs);
  if (registry !== undefined) query = query.where('registry', '=', registry);
  return query.orderBy('verifiedAt').orderBy('name').orderBy('sourceDigest').orderBy('registry').limit(limit).execute();
}

function compareKeys(a: PlacementRecord, b: PlacementRecord): number {
  return (
    compareTexts(a.name, b.name) ||
    compareTexts(a.sourceDigest, b.sourceDigest) ||
    compareTexts(a.registry, b.registry) ||
    compareTexts(a.platformSet, b.platformSet)
  );
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
