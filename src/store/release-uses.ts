import type { ChoiceStore } from '../choice/choice-store.ts';
import type { Changes, Queries } from './schema.ts';

type Use = Parameters<ChoiceStore['recordUses']>[0][number];

// Four values a row; databases bound how many values a statement may have.
const MOST_ROWS = 1_000;

/** Keeps when each cluster resolved each release last. */
export async function recordUses(trx: Changes, uses: readonly Use[]): Promise<void> {
  const rows = newestUses(uses);
  for (let start = 0; start < rows.length; start += MOST_ROWS) {
    await trx
      .insertInto('releaseUses')
      .values(rows.slice(start, start + MOST_ROWS))
      .onConflict((conflict) =>
        conflict
          .columns(['name', 'digest', 'cluster'])
          .doUpdateSet((eb) => ({ at: eb.ref('excluded.at') }))
          .whereRef('releaseUses.at', '<', 'excluded.at'),
      )
      .execute();
  }
}

/** One row a key: an upsert may not meet the same key twice in one statement. */
function newestUses(uses: readonly Use[]): Use[] {
  const newest = new Map<string, Use>();
  for (const { name, digest, cluster, at } of uses) {
    const key = `${name}\n${digest}\n${cluster}`;
    const known = newest.get(key);
    if (known === undefined || known.at < at) newest.set(key, { name, digest, cluster, at });
  }
  return [...newest.values()];
}

/** The releases of an image that some cluster resolved since then, the latest resolved first. */
export async function usedSince(
  db: Queries,
  name: string,
  sinceMs: number,
): Promise<readonly { digest: string; at: number }[]> {
  const rows = await db
    .selectFrom('releaseUses')
    .select((eb) => ['digest', eb.fn.max('at').as('lastAt')])
    .where('name', '=', name)
    .where('at', '>=', sinceMs)
    .groupBy('digest')
    .orderBy('lastAt', 'desc')
    .orderBy('digest')
    .execute();
  return rows.map(({ digest, lastAt }) => ({ digest, at: lastAt }));
}
