import { sql } from 'kysely';
import { pruneHours, pruneMeasurements, pruneSamples, pruneWork, toPruned } from './prune-measured.ts';
import { prunePushes } from './prune-pushes.ts';
import type { PrunedKind, RetentionStore } from './retention-store.ts';
import type { Changes } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const ROWS_AT_ONCE = 500;
/** Where blobs are known to be is a hint, and kept by number: some 200 MB. */
const LOCATIONS = 1_000_000;
const CLOCK = 'clock';

type Prune = (
  trx: Changes,
  beforeMs: number,
  from: string | null,
) => Promise<{ readonly removed: number; readonly next: string | null }>;

const PRUNE: Readonly<Record<PrunedKind, Prune>> = {
  pushes: prunePushes,
  samples: pruneSamples,
  measurements: pruneMeasurements,
  hours: pruneHours,
  work: pruneWork,
  async audit(trx, beforeMs) {
    const old = trx.selectFrom('audit').select('id').where('at', '<', beforeMs).orderBy('at').limit(ROWS_AT_ONCE);
    const { numDeletedRows } = await trx.deleteFrom('audit').where('id', 'in', old).executeTakeFirstOrThrow();
    return toPruned(numDeletedRows, ROWS_AT_ONCE);
  },
  /** Those that are still to be delivered stay. */
  async notices(trx, beforeMs) {
    const old = trx
      .selectFrom('noticeDeliveries')
      .select('id')
      .where('createdAt', '<', beforeMs)
      .where('state', '!=', 'pending')
      .orderBy('createdAt')
      .limit(ROWS_AT_ONCE);
    const { numDeletedRows } = await trx
      .deleteFrom('noticeDeliveries')
      .where('id', 'in', old)
      .executeTakeFirstOrThrow();
    return toPruned(numDeletedRows, ROWS_AT_ONCE);
  },
  async uses(trx, beforeMs) {
    const old = trx
      .selectFrom('releaseUses')
      .select(['name', 'digest', 'cluster'])
      .where('at', '<', beforeMs)
      .orderBy('at')
      .limit(ROWS_AT_ONCE)
      .$asTuple('name', 'digest', 'cluster');
    const { numDeletedRows } = await trx
      .deleteFrom('releaseUses')
      .where(({ eb, refTuple }) => eb(refTuple('name', 'digest', 'cluster'), 'in', old))
      .executeTakeFirstOrThrow();
    return toPruned(numDeletedRows, ROWS_AT_ONCE);
  },
  /** Those that became known first, beyond a number. */
  async locations(trx) {
    const { numAffectedRows = 0n } = await sql`delete from blob_locations where rowid in (
        select rowid from blob_locations
        where rowid <= (select max(rowid) from blob_locations) - ${LOCATIONS} order by rowid limit ${ROWS_AT_ONCE})`.execute(
      trx,
    );
    return toPruned(numAffectedRows, ROWS_AT_ONCE);
  },
};

/** Forgetting what is old, in SQL. */
export function sqlRetentionStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): RetentionStore {
  return {
    prune: (kind, beforeMs, from) =>
      change(`forgetting old ${kind}`, async (trx) => {
        const { removed, next } = await PRUNE[kind](trx, beforeMs, from);
        return { removed, next };
      }),
    trustedAt: () =>
      read('reading when the clock was believed', async (db) => {
        const row = await db.selectFrom('upkeep').select('at').where('key', '=', CLOCK).executeTakeFirst();
        return row?.at;
      }),
    trust: (at) =>
      change('noting that the clock is believed', async (trx) => {
        await trx
          .insertInto('upkeep')
          .values({ key: CLOCK, at })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ at }))
          .execute();
      }),
  };
}
