import { join } from 'node:path';
import { z } from 'zod';
import type { CampaignMeasurement, MeasurementReader } from '../bench/measurement-store.ts';
import { PRODUCTION } from '../bench/production/production-sample.ts';
import { isPlausible } from '../bench/recommend/measurement.ts';
import { HOUR_MS } from '../bench/report/hour-row.ts';
import type { ReportedHour } from '../bench/report/hour-source.ts';
import { Failure } from '../kernel/failure.ts';
import { DATABASE_FILE } from './database-file.ts';
import { parseRow } from './row-schema.ts';
import { unpackDiagnosis } from './sql-flow-diagnoses.ts';
import { toStoreFailure } from './sqlite-failure.ts';
import { openSqliteReader } from './sqlite-file.ts';

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
  select campaign, registry, leg, round, at, payload_bytes as "payloadBytes", ok, setup_seconds as "setupSeconds", rate,
    suspect, stalls, jitter_ms as "jitterMs", congestion_control as "congestionControl" from measurements
  where at > ? and at <= ? and ${ON_PATH} order by at`;

/** Of everything, what production sent is left out: it goes where the choice says, and is reported by itself. */
const IN_HOURS = `hour_at > ? and hour_at <= ? and ${ON_PATH} and (campaign = ? or (? is null and campaign <> '${PRODUCTION}'))`;

const SIZES = `
  select payload_bytes as "payloadBytes", sum(samples) as samples, min(hour_at) as "firstAt", max(hour_at) as "lastAt",
    count(distinct leg || ' ' || registry) as series from measured_hours
  where ${IN_HOURS} group by payload_bytes order by payload_bytes`;

const HOURS = `
  select registry, leg, hour_at as "hourAt", figures from measured_hours
  where ${IN_HOURS} and payload_bytes = ?`;

const DIAGNOSES = `
  select diagnosis_json as diagnosis from flow_diagnoses
  where at > ? and at <= ? and (? is null or benchmark = ?) order by at`;

/**
 * Reads measurements over a connection of its own, from whatever thread: what it reads was committed, and nobody waits
 * for it. The service has the folder open, so the schema is up to date.
 */
export function openMeasurementReader(folder: string): MeasurementReader {
  const connection = openSqliteReader(join(folder, DATABASE_FILE));
  const read = <T>(attempt: string, sql: string, parameters: readonly unknown[], parse: (row: unknown) => T): T[] => {
    try {
      const rows: T[] = [];
      for (const row of connection.prepare(sql).iterate(...parameters)) rows.push(parse(row));
      return rows;
    } catch (error) {
      throw toStoreFailure(error, attempt);
    }
  };
  return {
    measurements: ({ site, after, until }) =>
      read('reading measurements', MEASUREMENTS, [after, until, site], parseMeasurement),
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
    diagnoses: ({ after, until, campaign }) =>
      read('reading diagnoses', DIAGNOSES, [after, until, campaign, campaign], (row) =>
        unpackDiagnosis((row as { readonly diagnosis: unknown }).diagnosis),
      ),
    close: () => connection.close(),
  };
}

/*
 * Rows are checked by hand here: there are tens of thousands of them for one answer, and a schema takes as long as all
 * the rest.
 */

type MeasurementColumns = Omit<CampaignMeasurement, 'ok' | 'suspect'> & {
  readonly ok: number;
  readonly suspect: number;
};

function parseMeasurement(row: unknown): CampaignMeasurement {
  const columns = row as MeasurementColumns;
  const measurement = {
    campaign: columns.campaign,
    registry: columns.registry,
    leg: columns.leg,
    round: columns.round,
    at: columns.at,
    payloadBytes: columns.payloadBytes,
    ok: columns.ok !== 0,
    setupSeconds: columns.setupSeconds,
    rate: columns.rate,
    suspect: columns.suspect !== 0,
    stalls: columns.stalls,
    jitterMs: columns.jitterMs,
    congestionControl: toAlgorithm(columns.congestionControl),
  };
  if (!LEGS.includes(measurement.leg) || !isPlausible(measurement)) throw wrongRow('measurements');
  return measurement;
}

/** One string for all that are alike: there are as many as measurements. */
function toAlgorithm(name: unknown): string | null {
  if (name === null) return null;
  const text = String(name);
  const known = algorithms.get(text);
  if (known === undefined && algorithms.size < MOST_ALGORITHMS) algorithms.set(text, text);
  return known ?? text;
}

const algorithms = new Map<string, string>();
/** A kernel has a handful of them. */
const MOST_ALGORITHMS = 32;

function parseHour(row: unknown): ReportedHour {
  const hour = row as ReportedHour;
  // What is in the bytes is checked when they are merged.
  if (!LEGS.includes(hour.leg) || !(hour.figures instanceof Uint8Array) || !Number.isSafeInteger(hour.hourAt))
    throw wrongRow('measured hours');
  return hour;
}

function wrongRow(what: string): Failure {
  return new Failure(
    'data_unusable',
    `reading ${what} from the database: a row is not of its form; restore the data folder from a backup`,
  );
}

const LEGS: readonly string[] = ['upload', 'download'];
