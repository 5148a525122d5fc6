import { gunzipSync, gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { z } from 'zod';
import type { BenchmarkRecord } from '../bench/campaign/benchmark-record.ts';
import type { BenchmarkStore } from '../bench/campaign/benchmark-store.ts';
import { isStandIn, type Sample, UNREACHED } from '../bench/sample.ts';
import { Failure } from '../kernel/failure.ts';
import { NAME_KEY, parseCursor, toPage } from './cursor.ts';
import type { BenchmarkRow } from './measuring-rows.ts';
import { jsonColumn, parseRow } from './row-schema.ts';
import { sqlFlowDiagnoses } from './sql-flow-diagnoses.ts';
import { addMeasurements, addProductionHour } from './sql-measurement-store.ts';
import type { StoreDatabase } from './store-database.ts';

const benchmarkRow = z.object({
  id: z.string(),
  state: z.enum(['running', 'finished', 'stopped']),
  createdAt: z.number(),
  finishedAt: z.number().nullable(),
  roundsDone: z.number(),
  planJson: jsonColumn(
    z.object({
      rounds: z.number(),
      schedule: z.string().optional(),
      legs: z.array(z.enum(['upload', 'download'])),
      sites: z.array(z.string()).optional(),
      registries: z.array(z.string()),
      payloads: z.array(z.number()),
      bytesToLeave: z.number().optional(),
      idleMs: z.number().optional(),
      flows: z.boolean().optional(),
      seed: z.number(),
    }),
  ),
});

/** Where it is noted what measuring has moved. */
const MOVED = [
  ['samples', 'bytes'],
  ['keptPayloads', 'movedBytes'],
  ['flowDiagnoses', 'bytes'],
] as const;

/** Campaigns and samples in SQL. */
export function sqlBenchmarkStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): BenchmarkStore {
  return {
    ...sqlFlowDiagnoses({ read, change }),
    create: ({ plan, ...record }) =>
      change('recording a benchmark', async (trx) => {
        await trx
          .insertInto('benchmarks')
          .values({ ...record, planJson: JSON.stringify(plan) })
          .execute();
      }),
    update: (id, fields) =>
      change('recording the progress of a benchmark', async (trx) => {
        await trx.updateTable('benchmarks').set(fields).where('id', '=', id).execute();
      }),
    find: (id) =>
      read('reading a benchmark', async (db) => {
        const row = await db.selectFrom('benchmarks').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : parseBenchmark(row);
      }),
    list: ({ limit, cursor }) =>
      read('reading benchmarks', async (db) => {
        const before = cursor === undefined ? undefined : parseCursor(cursor, NAME_KEY)[0];
        const rows = await db
          .selectFrom('benchmarks')
          .selectAll()
          .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute();
        return toPage(rows, limit, ({ id }) => [id], parseBenchmark);
      }),
    unfinished: () =>
      read('reading benchmarks under way', async (db) => {
        const rows = await db
          .selectFrom('benchmarks')
          .selectAll()
          .where('state', '=', 'running')
          .orderBy('id')
          .execute();
        return rows.map(parseBenchmark);
      }),
    recordSample: (sample, reference) =>
      change('recording a sample', async (trx) => {
        const { id, campaign: benchmark, registry, at, payloadBytes: bytes } = sample;
        const standsIn = isStandIn(sample);
        const row = {
          ...{
            benchmark,
            registry,
            at,
            // What production sends is sent anyway: it costs nothing of what measuring may.
            bytes: standsIn || sample.error?.step === UNREACHED || sample.source === 'production' ? 0 : bytes,
            standsIn: Number(standsIn),
          },
          sample: gzipSync(JSON.stringify(sample)),
        };
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('samples')
          .values({ id, ...row })
          .onConflict((conflict) => {
            const known = conflict.column('id');
            return standsIn ? known.doNothing() : known.doUpdateSet(row).where('samples.standsIn', '=', 1);
          })
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return false;
        if (sample.source === 'production') await addProductionHour(trx, sample, reference);
        else if (!standsIn) await addMeasurements(trx, [sample], reference);
        return true;
      }),
    hasSample: (id) =>
      read('looking for a sample', async (db) => {
        return (await db.selectFrom('samples').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
      }),
    samples: (benchmark, { limit, cursor }) =>
      read('reading samples', async (db) => {
        const after = cursor === undefined ? '' : parseCursor(cursor, NAME_KEY)[0];
        const rows = await db
          .selectFrom('samples')
          .select(['id', 'sample'])
          .where('benchmark', '=', benchmark)
          .where('id', '>', after)
          .orderBy('id')
          .limit(limit + 1)
          .execute();
        return toPage(rows, limit, ({ id }) => [id], unpackSample);
      }),
    countSamples: (benchmark) =>
      read('counting samples', async (db) => {
        const counted = await db
          .selectFrom('samples')
          .select((each) => each.fn.countAll<number>().as('samples'))
          .where('benchmark', '=', benchmark)
          .executeTakeFirstOrThrow();
        return Number(counted.samples);
      }),
    bytesSince: (registry, sinceMs, untilMs) =>
      read('adding up what was measured', async (db) => {
        const there = registry === null ? sql`` : sql`and registry = ${registry}`;
        let bytes = 0;
        for (const [table, column] of MOVED) {
          const moved = sql<{ bytes: number | null }>`select sum(${sql.ref(column)}) as bytes from ${sql.table(table)}
            where at > ${sinceMs} and at <= ${untilMs} ${there}`;
          bytes += Number((await moved.execute(db)).rows[0]?.bytes ?? 0);
        }
        return bytes;
      }),
  };
}

function parseBenchmark(row: BenchmarkRow): BenchmarkRecord {
  const { planJson, ...record } = parseRow(benchmarkRow, row, `benchmark ${row.id}`);
  return { ...record, plan: planJson };
}

/** What this program packed: only whether it is whole is checked. */
function unpackSample({ id, sample }: { readonly id: string; readonly sample: Uint8Array }): Sample {
  try {
    return JSON.parse(gunzipSync(sample).toString()) as Sample;
  } catch (cause) {
    const detail = `reading sample ${id} from the database: it is damaged; restore the data folder from a backup`;
    throw new Failure('data_unusable', detail, { cause });
  }
}
