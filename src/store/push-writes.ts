import { Failure } from '../kernel/failure.ts';
import type { NewTransfer, PushRecord, TransferRecord } from '../sync/push/push-record.ts';
import type { IdempotencyKey, PushWithTransfers } from '../sync/push/push-store.ts';
import { getPush, pushUnknown } from './push-reads.ts';
import { type PushPatch, priorityRank, toPushPatchColumns, toPushRow } from './push-row.ts';
import type { Changes } from './schema.ts';
import { acceptRelease, settleRelease } from './tag-meaning.ts';
import { type TransferPatch, toTransferPatchColumns, toTransferRow } from './transfer-row.ts';

/** Throws `idempotency_conflict`. */
export async function createPush(
  trx: Changes,
  push: PushRecord,
  transfers: readonly NewTransfer[],
  idempotency?: IdempotencyKey,
): Promise<PushWithTransfers & { created: boolean }> {
  const earlier = idempotency === undefined ? undefined : await findEarlier(trx, idempotency, push.createdAt);
  if (earlier !== undefined) return { ...(await getPush(trx, earlier)), created: false };

  await trx.insertInto('pushes').values(toPushRow(push)).execute();
  if (transfers.length > 0) {
    const rows = transfers.map((transfer) => toTransferRow({ ...transfer, pushId: push.id }, push));
    await trx.insertInto('transfers').values(rows).execute();
  }
  if (push.purpose === 'release') {
    await acceptRelease(trx, { pushId: push.id, name: push.name, tag: push.tag, acceptedAt: push.createdAt });
  }
  if (idempotency !== undefined) {
    const { key, bodyHash, expiresAt } = idempotency;
    await trx.insertInto('idempotencyKeys').values({ key, bodyHash, expiresAt, pushId: push.id }).execute();
  }
  return { ...(await getPush(trx, push.id)), created: true };
}

/** The push that a key already stands for. Keys whose time is over are forgotten here, so that they do not pile up. */
async function findEarlier(trx: Changes, wanted: IdempotencyKey, nowMs: number): Promise<string | undefined> {
  await trx.deleteFrom('idempotencyKeys').where('expiresAt', '<=', nowMs).execute();
  const known = await trx.selectFrom('idempotencyKeys').selectAll().where('key', '=', wanted.key).executeTakeFirst();
  if (known === undefined) return undefined;
  if (known.bodyHash === wanted.bodyHash) return known.pushId;
  throw new Failure(
    'idempotency_conflict',
    `the idempotency key "${wanted.key.slice(0, 160)}" was used for another request, which became push ${known.pushId}`,
    { extensions: { push: known.pushId } },
  );
}

/** Throws `push_unknown`. */
export async function updatePush(trx: Changes, id: string, patch: PushPatch): Promise<void> {
  const columns = toPushPatchColumns(patch);
  if (Object.keys(columns).length === 0) return;
  const { numUpdatedRows } = await trx
    .updateTable('pushes')
    .set(columns)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw pushUnknown(id);
  if (patch.priority !== undefined) {
    const rank = priorityRank(patch.priority);
    await trx.updateTable('transfers').set({ priorityRank: rank }).where('pushId', '=', id).execute();
  }
  if (patch.digest !== undefined || patch.state !== undefined) await settleRelease(trx, id);
}

/** Throws `push_unknown` when there is no such leg. */
export async function updateTransfer(
  trx: Changes,
  pushId: string,
  registry: string,
  patch: TransferPatch,
): Promise<void> {
  const columns = toTransferPatchColumns(patch);
  if (Object.keys(columns).length === 0) return;
  const { numUpdatedRows } = await trx
    .updateTable('transfers')
    .set(columns)
    .where('pushId', '=', pushId)
    .where('registry', '=', registry)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new Failure('push_unknown', `push ${pushId} has no transfer to ${registry}`);
}

/** Throws `push_unknown`. */
export async function addTransfer(trx: Changes, transfer: TransferRecord): Promise<void> {
  const { push } = await getPush(trx, transfer.pushId);
  await trx
    .insertInto('transfers')
    .values(toTransferRow(transfer, push))
    .onConflict((conflict) => conflict.columns(['pushId', 'registry']).doNothing())
    .execute();
}
