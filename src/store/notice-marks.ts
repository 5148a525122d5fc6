import type { NoticeMark } from '../notify/notice-store.ts';
import type { Changes, Queries } from './schema.ts';

export async function isMarked(db: Queries, key: string): Promise<boolean> {
  return (await db.selectFrom('noticeMarks').select('key').where('key', '=', key).executeTakeFirst()) !== undefined;
}

export async function saveMark(trx: Changes, mark: NoticeMark): Promise<void> {
  await trx
    .insertInto('noticeMarks')
    .values({ key: mark.key, at: mark.at })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ at: mark.at }))
    .execute();
}

export async function listMarks(db: Queries, prefix: string): Promise<readonly NoticeMark[]> {
  return db
    .selectFrom('noticeMarks')
    .selectAll()
    .where('key', '>=', prefix)
    .where('key', '<', after(prefix))
    .orderBy('key')
    .execute();
}

export async function pruneMarks(trx: Changes, prefix: string, beforeMs: number): Promise<void> {
  await trx
    .deleteFrom('noticeMarks')
    .where('key', '>=', prefix)
    .where('key', '<', after(prefix))
    .where('at', '<', beforeMs)
    .execute();
}

/** Beyond every key that begins so. */
function after(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
