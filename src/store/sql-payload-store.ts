import { z } from 'zod';
import type { KeptPayload, PayloadStore } from '../bench/desk/payload-store.ts';
import type { KeptPayloadRow } from './measuring-rows.ts';
import { digestColumn, nameColumn, parseRow } from './row-schema.ts';
import type { StoreDatabase } from './store-database.ts';

const payloadRow = z.object({
  id: z.string(),
  registry: z.string(),
  payloadBytes: z.number(),
  repository: nameColumn,
  digest: digestColumn,
  manifest: digestColumn,
  usedAt: z.number(),
});

/** Payloads at registries in SQL. Rows of those that are gone stay: their bytes count in the budget of their day. */
export function sqlPayloadStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): PayloadStore {
  return {
    find: (registry, payloadBytes) =>
      read('looking for a kept payload', async (db) => {
        const row = await db
          .selectFrom('keptPayloads')
          .selectAll()
          .where('state', '=', 'kept')
          .where('registry', '=', registry)
          .where('payloadBytes', '=', payloadBytes)
          .limit(1)
          .executeTakeFirst();
        return row === undefined ? undefined : parsePayload(row);
      }),
    all: () =>
      read('reading kept payloads', async (db) =>
        (await db.selectFrom('keptPayloads').selectAll().where('state', '=', 'kept').execute()).map(parsePayload),
      ),
    add: (payload) =>
      change('remembering a kept payload', async (trx) => {
        const moved = { movedBytes: payload.payloadBytes, at: payload.usedAt, state: 'kept' };
        await trx
          .insertInto('keptPayloads')
          .values({ ...payload, ...moved })
          .execute();
      }),
    noteFailure: (attempt) =>
      change('noting a payload that could not be kept', async (trx) => {
        const nothing = { repository: '', digest: '', manifest: '', usedAt: attempt.at, state: 'failed' };
        await trx
          .insertInto('keptPayloads')
          .values({ ...attempt, ...nothing })
          .execute();
      }),
    touch: (id, usedAt) =>
      change('noting that a payload was used', async (trx) => {
        await trx.updateTable('keptPayloads').set({ usedAt }).where('id', '=', id).execute();
      }),
    drop: (id) =>
      change('forgetting a kept payload', async (trx) => {
        await trx.updateTable('keptPayloads').set({ state: 'gone' }).where('id', '=', id).execute();
      }),
  };
}

function parsePayload(row: KeptPayloadRow): KeptPayload {
  return parseRow(payloadRow, row, `kept payload ${row.id}`);
}
