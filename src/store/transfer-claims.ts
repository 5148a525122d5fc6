import type { TransferRecord } from '../sync/push/push-record.ts';
import type { PushStore, PushWithTransfers } from '../sync/push/push-store.ts';
import { getPush } from './push-reads.ts';
import type { Changes, Queries, TransferRow } from './schema.ts';
import { parseTransfer, UNDER_WAY } from './transfer-row.ts';

type Claim = Parameters<PushStore['claimTransfer']>[0];
type Candidate = Pick<TransferRow, 'pushId' | 'priorityRank' | 'pushCreatedAt'>;

/** Takes the next leg of a registry; the rule is the port's. */
export async function claimTransfer(
  trx: Changes,
  claim: Claim,
): Promise<(PushWithTransfers & { transfer: TransferRecord }) | undefined> {
  const next = firstOf(await findNext(trx, claim, 'queued'), await findNext(trx, claim, 'waiting'));
  if (next === undefined) return undefined;
  const row = await trx
    .updateTable('transfers')
    .set((eb) => ({
      state: 'running',
      attempts: eb('attempts', '+', 1),
      nextAttemptAt: null,
      leaseOwner: claim.owner,
      leaseUntil: claim.nowMs + claim.leaseMs,
    }))
    .where('pushId', '=', next.pushId)
    .where('registry', '=', claim.registry)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...(await getPush(trx, next.pushId)), transfer: parseTransfer(row) };
}

/** The first claimable leg in one state. Both are asked for apart, so that each is read in the order of its index. */
function findNext(trx: Changes, claim: Claim, state: 'queued' | 'waiting'): Promise<Candidate | undefined> {
  let query = trx
    .selectFrom('transfers as leg')
    .select(['leg.pushId', 'leg.priorityRank', 'leg.pushCreatedAt'])
    .where('leg.registry', '=', claim.registry)
    .where('leg.state', '=', state);
  if (state === 'waiting') {
    query = query.where((eb) =>
      eb.or([eb('leg.nextAttemptAt', 'is', null), eb('leg.nextAttemptAt', '<=', claim.nowMs)]),
    );
  }
  return query
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('transfers as other')
            .select('other.pushId')
            .where('other.registry', '=', claim.registry)
            .whereRef('other.name', '=', 'leg.name')
            .whereRef('other.tag', '=', 'leg.tag')
            .where('other.state', 'in', UNDER_WAY),
        ),
      ),
    )
    .orderBy('leg.priorityRank')
    .orderBy('leg.pushCreatedAt')
    .orderBy('leg.pushId')
    .limit(1)
    .executeTakeFirst();
}

function firstOf(a: Candidate | undefined, b: Candidate | undefined): Candidate | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareCandidates(a, b) <= 0 ? a : b;
}

/** By priority, then age, then id. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return a.priorityRank - b.priorityRank || a.pushCreatedAt - b.pushCreatedAt || (a.pushId < b.pushId ? -1 : 1);
}

/**
 * How many queued legs of a registry stand before those of some pushes, by priority, age and id: its queue is gone
 * through once, in the order of its index, however many are asked for.
 */
export async function countQueuedBefore(
  db: Queries,
  registry: string,
  pushIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const queue = db
    .selectFrom('transfers')
    .where('registry', '=', registry)
    .where('state', '=', 'queued')
    .select(({ fn }) => [
      'pushId',
      fn
        .agg<number>('row_number')
        .over((over) => over.orderBy('priorityRank').orderBy('pushCreatedAt').orderBy('pushId'))
        .as('place'),
    ]);
  const rows = await db
    .selectFrom(queue.as('queue'))
    .select(['pushId', 'place'])
    .where('pushId', 'in', pushIds)
    .execute();
  return new Map(rows.map(({ pushId, place }) => [pushId, place - 1]));
}

/** When the earliest waiting leg of a registry wants to go on; a leg without a time wants to at once. */
export async function findNextAttemptAt(db: Queries, registry: string): Promise<number | undefined> {
  const earliest = await db
    .selectFrom('transfers')
    .select('nextAttemptAt')
    .where('registry', '=', registry)
    .where('state', '=', 'waiting')
    .orderBy('nextAttemptAt')
    .limit(1)
    .executeTakeFirst();
  return earliest === undefined ? undefined : (earliest.nextAttemptAt ?? 0);
}

export async function renewLeases(trx: Changes, owner: string, leaseUntil: number): Promise<void> {
  await trx
    .updateTable('transfers')
    .set({ leaseUntil })
    .where('state', 'in', UNDER_WAY)
    .where('leaseOwner', '=', owner)
    .execute();
}

/**
 * Puts legs under way back to `queued`: those whose lease ran out or that another than `owner` holds, and with `all`
 * every one (at start nothing is at work yet, under whatever name). Attempts stay counted.
 */
export async function reclaimTransfers(
  trx: Changes,
  { owner, nowMs, all }: Parameters<PushStore['reclaimTransfers']>[0],
): Promise<readonly TransferRecord[]> {
  let query = trx
    .updateTable('transfers')
    .set({ state: 'queued', nextAttemptAt: null, leaseOwner: null, leaseUntil: null })
    .where('state', 'in', UNDER_WAY);
  if (!all) {
    query = query.where((eb) =>
      eb.or([
        eb('leaseUntil', 'is', null),
        eb('leaseUntil', '<=', nowMs),
        eb('leaseOwner', 'is', null),
        eb('leaseOwner', '!=', owner),
      ]),
    );
  }
  const rows = await query.returningAll().execute();
  return rows.map(parseTransfer);
}
