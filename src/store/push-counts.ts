import type { Queries } from './schema.ts';

/**
 * How far the pushes that one thing asked for have come. `failed` counts every push that ended other than placed, so
 * that all is over once `placed + failed` is `total`.
 */
export async function countByOrigin(
  db: Queries,
  origin: string,
): Promise<{ total: number; placed: number; failed: number }> {
  const rows = await db
    .selectFrom('pushes')
    .select((eb) => ['state', eb.fn.countAll<number>().as('pushes')])
    .where('origin', '=', origin)
    .groupBy('state')
    .execute();
  const counts = new Map(rows.map(({ state, pushes }) => [state, pushes]));
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const placed = counts.get('placed') ?? 0;
  return { total, placed, failed: total - placed - (counts.get('running') ?? 0) };
}
