import type { TransferState } from '../sync/push/push-record.ts';
import type { Queries } from './schema.ts';

export const OPEN_STATES: readonly TransferState[] = ['queued', 'running', 'verifying', 'waiting'];

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

/** Legs that are not final, by registry and state, with when the oldest push among them was accepted. */
export async function countOpenTransfers(
  db: Queries,
): Promise<readonly { registry: string; state: string; count: number; oldestAt: number }[]> {
  return db
    .selectFrom('transfers')
    .select((eb) => [
      'registry',
      'state',
      eb.fn.countAll<number>().as('count'),
      eb.fn.min('pushCreatedAt').as('oldestAt'),
    ])
    .where('state', 'in', OPEN_STATES)
    .groupBy(['registry', 'state'])
    .execute();
}
