import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { PlacementRecord } from '../sync/push/push-record.ts';
import { parsePlacement, toPlacementRow } from './placement-row.ts';
import type { Changes, PlacementRow, Queries } from './schema.ts';

type PlacementKey = Pick<PlacementRecord, 'registry' | 'name' | 'sourceDigest'>;

/** Records a placement; one seen before becomes what was seen now. */
export async function savePlacement(trx: Changes, placement: PlacementRecord): Promise<void> {
  const row = toPlacementRow(placement);
  const { name: _name, sourceDigest: _sourceDigest, registry: _registry, ...seen } = row;
  await trx
    .insertInto('placements')
    .values(row)
    .onConflict((conflict) => conflict.columns(['name', 'sourceDigest', 'registry']).doUpdateSet(seen))
    .execute();
}

export async function findPlacement(db: Queries, key: PlacementKey): Promise<PlacementRecord | undefined> {
  const row = await db
    .selectFrom('placements')
    .selectAll()
    .where('name', '=', key.name)
    .where('sourceDigest', '=', key.sourceDigest)
    .where('registry', '=', key.registry)
    .executeTakeFirst();
  return row === undefined ? undefined : parsePlacement(row);
}

// Databases bound how many values one query may list (SQLite 32,766, PostgreSQL 65,535).
const MOST_DIGESTS = 1_000;

/** Placements of these digests of an image, by digest and registry. */
export async function listPlacements(
  db: Queries,
  name: RepositoryName,
  sourceDigests: readonly Digest[],
): Promise<readonly PlacementRecord[]> {
  const distinct = [...new Set(sourceDigests)].sort();
  const placements: PlacementRecord[] = [];
  for (let start = 0; start < distinct.length; start += MOST_DIGESTS) {
    const rows = await db
      .selectFrom('placements')
      .selectAll()
      .where('name', '=', name)
      .where('sourceDigest', 'in', distinct.slice(start, start + MOST_DIGESTS))
      .orderBy('sourceDigest')
      .orderBy('registry')
      .execute();
    for (const row of rows) placements.push(parsePlacement(row));
  }
  return placements;
}

export async function confirmPlacement(trx: Changes, key: PlacementKey, verifiedAt: number): Promise<void> {
  await trx
    .updateTable('placements')
    .set({ verifiedAt })
    .where('name', '=', key.name)
    .where('sourceDigest', '=', key.sourceDigest)
    .where('registry', '=', key.registry)
    .execute();
}

export async function withdrawPlacement(trx: Changes, key: PlacementKey): Promise<void> {
  await trx
    .deleteFrom('placements')
    .where('name', '=', key.name)
    .where('sourceDigest', '=', key.sourceDigest)
    .where('registry', '=', key.registry)
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
  return [...ahead, ...old].map(parsePlacement);
}

function listVerified(
  db: Queries,
  comparison: '<' | '>',
  atMs: number,
  limit: number,
  registry: string | undefined,
): Promise<PlacementRow[]> {
  let query = db.selectFrom('placements').selectAll().where('verifiedAt', comparison, atMs);
  if (registry !== undefined) query = query.where('registry', '=', registry);
  return query.orderBy('verifiedAt').orderBy('name').orderBy('sourceDigest').orderBy('registry').limit(limit).execute();
}
