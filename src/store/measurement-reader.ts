import { join } from 'node:path';
import { z } from 'zod';
import type { MeasurementReader } from '../bench/measurement-store.ts';
import { HOUR_MS, type HourRow } from '../bench/report/hour-row.ts';
import { Failure } from '../kernel/failure.ts';
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

const sizeRow = z.object({
  payloadBytes: z.number(),
  samples: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
  series: z.number(),
});

/** A site's path: uploads, wherever they begin, and the downloads that end there. */
const ON_PATH = `(leg = 'upload' or site = ?)`;

const MEASUREMENTS = `
  select id, campaign, site, registry, leg, round, at, payload_bytes as "payloadBytes", ok,
    setup_seconds as "setupSeconds", rate, suspect, stalls, jitter_ms as "jitterMs", idle_ms as "idleMs",
    loaded_ms as "loadedMs" from measurements
  where at > ? and at <= ? and ${ON_PATH} order by at, id`;

const IN_HOURS = `hour_at > ? and hour_at <= ? and ${ON_PATH} and (? is null or campaign = ?)`;

const SIZES = `
  select payload_bytes as "payloadBytes", sum(samples) as samples, min(hour_at) as "firstAt", max(hour_at) as "lastAt",
    count(distinct leg || ' ' || registry) as series from measured_hours
  where ${IN_HOURS} group by payload_bytes order by payload_bytes`;

const HOURS = `
  select campaign, site, registry, leg, payload_bytes as "payloadBytes", hour_at as "hourAt", figures from measured_hours
  where ${IN_HOURS} and payload_bytes = ?`;

/**
 * Reads measurements over a connection of its own, from whatever thread: what it reads was committed, and nobody waits
 * for it. The service has the folder open, so the schema is up to date.
 */
export function openMeasurementReader(folder: string): MeasurementReader {
  const connection = openSqliteReader(join(folder, DATABASE_FILE));
  const read = <T>(attempt: string, sql: string, parameters: readonly unknown[], parse: (row: unknown) => T): T[] => {
    try {
      return connection
        .prepare(sql)
        .all(...parameters)
        .map(parse);
    } catch (error) {
      throw toStoreFailure(error, attempt);
    }
  };
  return {
    measurements: ({ site, after, until }) =>
      read('reading measurements', MEASUREMENTS, [after, until, site], (row) =>
        parseRow(measurementRow, row, 'a measurement'),
      ),
    hours({ site, after, until, campaign }) {
      const range = [after - HOUR_MS, until, site, campaign, campaign];
      return {
        sizes: read('reading measured hours', SIZES, range, (row) => parseRow(sizeRow, row, 'measured hours')),
        *rows(payloadBytes) {
          try {
            for (const row of connection.prepare(HOURS).iterate(...range, payloadBytes)) yield parseHour(row);
          } catch (error) {
            throw toStoreFailure(error, 'reading measured hours');
          }
        },
      };
    },
    close: () => connection.close(),
  };
}

/** By hand: there are a hundred thousand of them, and what is in their bytes is checked when they are merged. */
function parseHour(row: unknown): HourRow {
  const hour = row as HourRow;
  if (LEGS.includes(hour.leg) && hour.figures instanceof Uint8Array && Number.isSafeInteger(hour.hourAt)) return hour;
  throw new Failure('data_unusable', 'reading measured hours from the database: a row is not of its form');
}

const LEGS: readonly string[] = legColumn.options;
