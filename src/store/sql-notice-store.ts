import type { Delivery, StoredSubscription } from '../notify/delivery.ts';
import type { Trouble } from '../notify/notice.ts';
import type { DeliveryFilter, NoticeStore } from '../notify/notice-store.ts';
import { NAME_KEY, parseCursor, toPage } from './cursor.ts';
import { isMarked, listMarks, pruneMarks, saveMark } from './notice-marks.ts';
import { parseDelivery, parseSubscription } from './notice-rows.ts';
import type { Changes, Queries } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

/** Notices and who is told them, in SQL. */
export function sqlNoticeStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): NoticeStore {
  return {
    troubles: () => read('reading troubles', (db) => db.selectFrom('noticeTroubles').selectAll().execute()),
    recordNotice: (key, trouble, deliveries, mark) =>
      change('recording a notice', async (trx) => {
        await recordNotice(trx, key, trouble, deliveries);
        if (mark !== undefined) await saveMark(trx, mark);
      }),
    isMarked: (key) => read('looking for what was told', (db) => isMarked(db, key)),
    mark: (key, at) => change('marking what was told', (trx) => saveMark(trx, { key, at })),
    marks: (prefix) => read('reading what was told', (db) => listMarks(db, prefix)),
    pruneMarks: (prefix, beforeMs) => change('forgetting what was told', (trx) => pruneMarks(trx, prefix, beforeMs)),
    nextDelivery: (receiver) => read('looking for a notice to send', (db) => nextDelivery(db, receiver)),
    changeDelivery: (id, values) =>
      change('recording what became of a notice', async (trx) => {
        await trx.updateTable('noticeDeliveries').set(values).where('id', '=', id).execute();
      }),
    listDeliveries: (filter, page) => read('listing notices', (db) => listDeliveries(db, filter, page)),
    subscriptions: () =>
      read('reading subscriptions', async (db) =>
        (await db.selectFrom('noticeSubscriptions').selectAll().orderBy('id').execute()).map(parseSubscription),
      ),
    addSubscription: (subscription) => change('recording a subscription', (trx) => addSubscription(trx, subscription)),
    removeSubscription: (id) => change('removing a subscription', (trx) => removeSubscription(trx, id)),
  };
}

async function recordNotice(
  trx: Changes,
  key: string | null,
  trouble: Trouble | null,
  deliveries: readonly Delivery[],
): Promise<void> {
  if (key !== null) {
    if (trouble === null) await trx.deleteFrom('noticeTroubles').where('key', '=', key).execute();
    else
      await trx
        .insertInto('noticeTroubles')
        .values(trouble)
        .onConflict((conflict) => conflict.column('key').doUpdateSet(trouble))
        .execute();
  }
  const rows = deliveries.map(({ notice, ...same }) => ({ ...same, noticeJson: JSON.stringify(notice) }));
  if (rows.length > 0) await trx.insertInto('noticeDeliveries').values(rows).execute();
}

async function nextDelivery(db: Queries, receiver: string): Promise<Delivery | undefined> {
  const row = await db
    .selectFrom('noticeDeliveries')
    .selectAll()
    .where('receiver', '=', receiver)
    .where('state', '=', 'pending')
    .orderBy('nextAttemptAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : parseDelivery(row);
}

async function listDeliveries(db: Queries, filter: DeliveryFilter, page: { limit: number; cursor?: string }) {
  let query = db.selectFrom('noticeDeliveries').selectAll();
  if (filter.receiver !== undefined) query = query.where('receiver', '=', filter.receiver);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (page.cursor !== undefined) query = query.where('id', '<', parseCursor(page.cursor, NAME_KEY)[0]);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.id], parseDelivery);
}

async function addSubscription(trx: Changes, { events, images, ...same }: StoredSubscription): Promise<void> {
  const row = { ...same, eventsJson: JSON.stringify(events), imagesJson: JSON.stringify(images) };
  await trx.insertInto('noticeSubscriptions').values(row).execute();
}

async function removeSubscription(trx: Changes, id: string): Promise<StoredSubscription | undefined> {
  const row = await trx.selectFrom('noticeSubscriptions').selectAll().where('id', '=', id).executeTakeFirst();
  await trx.deleteFrom('noticeSubscriptions').where('id', '=', id).execute();
  return row === undefined ? undefined : parseSubscription(row);
}
