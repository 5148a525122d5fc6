import { formatCursor, INSTANT_AND_ID, parseCursor } from './cursor.ts';
import type { Changes } from './schema.ts';

/** So many are looked at in one transaction: some milliseconds. */
const PUSHES_AT_ONCE = 200;

/**
 * The legs of pushes that ended long ago, and the pushes themselves that the service made on its own. The push that
 * made a release stays, since the release says which it was, and a repair or another choice goes by its source and
 * selection; so do the legs of what a tag means now.
 */
export async function prunePushes(
  trx: Changes,
  beforeMs: number,
  from: string | null,
): Promise<{ removed: number; next: string | null }> {
  let query = trx
    .selectFrom('pushes')
    .select(['id', 'purpose', 'finishedAt', 'state'])
    .where('finishedAt', '<', beforeMs)
    .orderBy('finishedAt')
    .orderBy('id')
    .limit(PUSHES_AT_ONCE);
  if (from !== null) {
    const after = parseCursor(from, INSTANT_AND_ID);
    query = query.where((eb) => eb(eb.refTuple('finishedAt', 'id'), '>', eb.tuple(...after)));
  }
  const seen = await query.execute();
  const over = seen.filter(({ state }) => state !== 'running');
  const legs = await dropLegs(
    trx,
    over.map(({ id }) => id),
  );
  const own = over.filter(({ purpose }) => purpose !== 'release').map(({ id }) => id);
  const pushes = await dropPushes(trx, own);
  const last = seen.at(-1);
  const isMore = seen.length === PUSHES_AT_ONCE && last !== undefined;
  return { removed: legs + pushes, next: isMore ? formatCursor([last.finishedAt ?? 0, last.id]) : null };
}

async function dropLegs(trx: Changes, pushIds: readonly string[]): Promise<number> {
  if (pushIds.length === 0) return 0;
  const { numDeletedRows } = await trx
    .deleteFrom('transfers')
    .where('pushId', 'in', pushIds)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('tags')
            .select('tags.pushId')
            .whereRef('tags.name', '=', 'transfers.name')
            .whereRef('tags.tag', '=', 'transfers.tag')
            .whereRef('tags.pushId', '=', 'transfers.pushId'),
        ),
      ),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function dropPushes(trx: Changes, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  await trx.deleteFrom('idempotencyKeys').where('pushId', 'in', ids).execute();
  const { numDeletedRows } = await trx.deleteFrom('pushes').where('id', 'in', ids).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
