import { z } from 'zod';
import type { DeskStore } from '../bench/desk/desk-store.ts';
import type { DeskWork } from '../bench/desk/desk-work.ts';
import type { DeskWorkRow } from './measuring-rows.ts';
import { digestColumn, nameColumn, parseRow } from './row-schema.ts';
import type { Changes } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const workRow = z.object({
  id: z.string(),
  campaign: z.string(),
  round: z.string(),
  site: z.string(),
  registry: z.string(),
  repository: nameColumn,
  digest: digestColumn,
  payloadBytes: z.number(),
  idleMs: z.number().nullable(),
  patienceMs: z.number(),
  state: z.enum(['open', 'given', 'lapsed', 'done']),
  putAt: z.number(),
  givenTo: z.string().nullable(),
});

/** The desk of work for agents in SQL. */
export function sqlDeskStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): DeskStore {
  return {
    put: (work, putAt) =>
      change('putting work on the desk', async (trx) => {
        await trx
          .insertInto('deskWork')
          .values({ ...work, state: 'open', putAt, givenTo: null })
          .onConflict((conflict) =>
            conflict
              .column('id')
              .doUpdateSet({ state: 'open', repository: work.repository, digest: work.digest })
              .where('deskWork.state', '=', 'lapsed'),
          )
          .execute();
      }),
    find: (id) =>
      read('looking for work on the desk', async (db) => {
        const row = await db.selectFrom('deskWork').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : parseWork(row);
      }),
    give: (site, agent) => change('giving work to an agent', (trx) => give(trx, site, agent)),
    lapse: (id) =>
      change('taking work off the desk', async (trx) => {
        await trx
          .updateTable('deskWork')
          .set({ state: 'lapsed' })
          .where('id', '=', id)
          .where('state', 'in', ['open', 'given'])
          .execute();
      }),
    finish: (id) =>
      change('noting that work is done', async (trx) => {
        await trx.updateTable('deskWork').set({ state: 'done' }).where('id', '=', id).execute();
      }),
    noteAgent: (agent) =>
      change('noting that an agent came', async (trx) => {
        const { seenAt, clockOffsetMs } = agent;
        const known = { seenAt, ...(clockOffsetMs === null ? {} : { clockOffsetMs }) };
        await trx
          .insertInto('agents')
          .values(agent)
          .onConflict((conflict) => conflict.columns(['site', 'name']).doUpdateSet(known))
          .execute();
      }),
    agents: () =>
      read('reading agents', (db) => db.selectFrom('agents').selectAll().orderBy('seenAt', 'desc').execute()),
    lapseOpen: () =>
      change('tidying the desk', async (trx) => {
        await trx.updateTable('deskWork').set({ state: 'lapsed' }).where('state', '=', 'open').execute();
      }),
  };
}

async function give(trx: Changes, site: string, agent: string): Promise<DeskWork | undefined> {
  const ofSite = trx.selectFrom('deskWork').selectAll().where('site', '=', site).orderBy('id').limit(1);
  const own = await ofSite.where('state', '=', 'given').where('givenTo', '=', agent).executeTakeFirst();
  if (own !== undefined) return parseWork(own);
  const next = await ofSite.where('state', '=', 'open').executeTakeFirst();
  if (next === undefined) return undefined;
  const given = { state: 'given', givenTo: agent };
  await trx.updateTable('deskWork').set(given).where('id', '=', next.id).execute();
  return parseWork({ ...next, ...given });
}

function parseWork(row: DeskWorkRow): DeskWork {
  return parseRow(workRow, row, `work ${row.id}`);
}
