import { join } from 'node:path';
import { z } from 'zod';
import type { MeasurementReader } from '../bench/measurement-store.ts';
import { HOUR_MS } from '../bench/report/hour-row.ts';
import { parseRow, truthColumn } from './row-schema.ts';
import { toStoreFailure } from './sqlite-failure.ts';
import { openSqliteReader } from './sqlite-file.ts';
import { DATABASE_FILE } from './store.ts';

const legColumn = z.enum(['upload', 'download']);

const measurementRow = z.object({
  id: z.string(),
  campaign: z.string(),
  site: z.string(),
  registry: z.string(),
  leg: legColumn,
  round: z.string(),
  at: z.number(),
  payloadBytes: z.number(),
  ok: truthColumn,
  setupSeconds: z.number(),
  rate: z.number().nullable(),
  suspect: truthColumn,
  stalls: z.number(),
  jitterMs: z.number().nullable(),
  idleMs: z.number().nullable(),
  loadedMs: z.number().nullable(),
});

const hourRow = z.object({
  campaign: z.string(),
  site: z.string(),
  registry: z.string(),
  leg: legColumn,
  payloadBytes: z.number(),
  hourAt: z.number(),
  figures: z.instanceof(Uint8Array),
});

/** A site's path: uploads, wherever they begin, and the downloads that end there. */
const ON_PATH = `(leg = 'upload' or site = ?)`;

const MEASUREMENTS = `
  select id, campaign, site, registry, leg, round, at, payload_bytes as "payloadBytes", ok,
    setup_seconds as "setupSeconds", rate, suspect, stalls, jitter_ms as "jitterMs", idle_ms as "idleMs",
    loaded_ms as "loadedMs" from measurements
  where at > ? and at <= ? and ${ON_PATH} order by at, id`;

const HOURS = `
  select campaign, site, registry, leg, payload_bytes as "payloadBytes", hour_at as "hourAt", figures from measured_hours
  where hour_at > ? and hour_at <= ? and ${ON_PATH} and (? is null or campaign = ?)`;

/**
 * Reads measurements over a connection of its own, from whatever thread: what it reads was committed, and nobody waits
 * for it. The service has the folder open, so the schema is up to date.
 */
export function openMeasurementReader(folder: string): MeasurementReader {
  const connection = openSqliteReader(join(folder, DATABASE_FILE));
  const read = <T>(attempt: string, sql: string, parameters: readonly unknown[], schema: z.ZodType<T>): T[] => {
    try {
      return connection
        .prepare(sql)
        .all(...parameters)
        .map((row) => parseRow(schema, row, 'a measurement'));
    } catch (error) {
      throw toStoreFailure(error, attempt);
    }
  };
  return {
    measurements: ({ site, after, until }) =>
      read('reading measurements', MEASUREMENTS, [after, until, site], measurementRow),
    hours: ({ site, after, until, campaign }) =>
      read('reading measured hours', HOURS, [after - HOUR_MS, until, site, campaign, campaign], hourRow),
    close: () => connection.close(),
  };
}
