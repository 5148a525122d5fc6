import { z } from 'zod';
import type { MeasurementStore } from '../bench/measurement-store.ts';
import { sizeClass } from '../bench/production/production-sample.ts';
import {
  isRecordable,
  type RecordedMeasurement,
  type ReferenceImage,
  toSampleFigures,
} from '../bench/recorded-measurement.ts';
import { countSamples } from '../bench/report/figure-set.ts';
import { foldIntoHours, type HourRow, mergeHours } from '../bench/report/hour-row.ts';
import type { MeasurementRow } from './measuring-rows.ts';
import { parseRow } from './row-schema.ts';
import type { Changes } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const uploadRow = z.object({
  at: z.number(),
  payloadBytes: z.number(),
  setupSeconds: z.number(),
  rate: z.number().positive(),
});

/** Measurements and their hours in SQL. */
export function sqlMeasurementStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): MeasurementStore {
  return {
    isEmpty: () =>
      read('looking for measurements', async (db) => {
        return (await db.selectFrom('measurements').select('id').limit(1).executeTakeFirst()) === undefined;
      }),
    recentUploads: (registry, limit) =>
      read('reading measured uploads', async (db) => {
        const rows = await db
          .selectFrom('measurements')
          .select(['at', 'payloadBytes', 'setupSeconds', 'rate'])
          .where('registry', '=', registry)
          .where('leg', '=', 'upload')
          .where('ok', '=', 1)
          .where('suspect', '=', 0)
          .where('rate', 'is not', null)
          .orderBy('at', 'desc')
          .limit(limit)
          .execute();
        return rows.map((row) => parseRow(uploadRow, row, `a measured upload to ${registry}`));
      }),
    record: (measurements, reference) =>
      change('recording measurements', (trx) => addMeasurements(trx, measurements, reference)),
  };
}

/** Within a transaction, so that a sample and its figures are recorded together or not at all. */
export async function addMeasurements(
  trx: Changes,
  measurements: readonly RecordedMeasurement[],
  reference: ReferenceImage,
): Promise<number> {
  const added: RecordedMeasurement[] = [];
  for (const measurement of measurements) {
    if (!isRecordable(measurement)) continue;
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto('measurements')
      .values(toRow(measurement))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) added.push(measurement);
  }
  for (const hour of foldIntoHours(added.map((one) => toSampleFigures(one, reference)))) await mergeHour(trx, hour);
  return added.length;
}

/** What production sent is reported by the hour, and has no row for the rule. */
export async function addProductionHour(trx: Changes, sample: RecordedMeasurement, reference: ReferenceImage) {
  if (!isRecordable(sample)) return;
  const payloadBytes = sizeClass(sample.payloadBytes);
  for (const hour of foldIntoHours([{ ...toSampleFigures(sample, reference), payloadBytes }]))
    await mergeHour(trx, hour);
}

async function mergeHour(trx: Changes, { figures, ...key }: HourRow): Promise<void> {
  const kept = await trx
    .selectFrom('measuredHours')
    .select('figures')
    .where((where) => where.and(key))
    .executeTakeFirst();
  const merged = kept === undefined ? figures : mergeHours(kept.figures, figures);
  const row = { figures: merged, samples: countSamples(merged) };
  await trx
    .insertInto('measuredHours')
    .values({ ...key, ...row })
    .onConflict((conflict) =>
      conflict.columns(['hourAt', 'campaign', 'site', 'registry', 'leg', 'payloadBytes']).doUpdateSet(row),
    )
    .execute();
}

/** What is given may be a whole sample; these of its fields have a column. */
function toRow(measurement: RecordedMeasurement): MeasurementRow {
  return {
    id: measurement.id,
    campaign: measurement.campaign,
    site: measurement.site,
    registry: measurement.registry,
    leg: measurement.leg,
    round: measurement.round,
    at: measurement.at,
    payloadBytes: measurement.payloadBytes,
    ok: Number(measurement.ok),
    setupSeconds: measurement.setupSeconds,
    rate: measurement.rate,
    suspect: Number(measurement.suspect),
    stalls: measurement.stalls,
    jitterMs: measurement.jitterMs,
    idleMs: measurement.idleMs,
    loadedMs: measurement.loadedMs,
    congestionControl: measurement.congestionControl ?? null,
  };
}
