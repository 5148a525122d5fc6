import type { Changes } from './schema.ts';

/** Each is a blob of some kilobytes. */
const SAMPLES_AT_ONCE = 200;
const ROWS_AT_ONCE = 500;
/** An hour has a row for each campaign, registry, leg and size. */
const HOURS_AT_ONCE = 12;
const HOUR_MS = 3_600_000;

type Pruned = { readonly removed: number; readonly next: string | null };

/** Samples with everything that was seen; those of a benchmark under way are counted by it. */
export async function pruneSamples(trx: Changes, beforeMs: number): Promise<Pruned> {
  const old = trx
    .selectFrom('samples')
    .select('id')
    .where('at', '<', beforeMs)
    .where('benchmark', 'not in', (eb) => eb.selectFrom('benchmarks').select('id').where('state', '=', 'running'))
    .orderBy('at')
    .limit(SAMPLES_AT_ONCE);
  const { numDeletedRows } = await trx.deleteFrom('samples').where('id', 'in', old).executeTakeFirstOrThrow();
  return toPruned(numDeletedRows, SAMPLES_AT_ONCE);
}

/** The figures of samples, one row each. */
export async function pruneMeasurements(trx: Changes, beforeMs: number): Promise<Pruned> {
  const old = trx.selectFrom('measurements').select('id').where('at', '<', beforeMs).orderBy('at').limit(ROWS_AT_ONCE);
  const { numDeletedRows } = await trx.deleteFrom('measurements').where('id', 'in', old).executeTakeFirstOrThrow();
  return toPruned(numDeletedRows, ROWS_AT_ONCE);
}

/** The hours of reports, and benchmarks that no report can speak of any more. */
export async function pruneHours(trx: Changes, beforeMs: number): Promise<Pruned> {
  const first = await trx.selectFrom('measuredHours').select('hourAt').orderBy('hourAt').limit(1).executeTakeFirst();
  if (first !== undefined && first.hourAt < beforeMs) {
    const until = Math.min(beforeMs, first.hourAt + HOURS_AT_ONCE * HOUR_MS);
    const { numDeletedRows } = await trx
      .deleteFrom('measuredHours')
      .where('hourAt', '<', until)
      .executeTakeFirstOrThrow();
    return { removed: Number(numDeletedRows), next: 'hours' };
  }
  const diagnosed = trx
    .selectFrom('flowDiagnoses')
    .select(['benchmark', 'registry'])
    .where('at', '<', beforeMs)
    .limit(ROWS_AT_ONCE)
    .$asTuple('benchmark', 'registry');
  await trx
    .deleteFrom('flowDiagnoses')
    .where(({ eb, refTuple }) => eb(refTuple('benchmark', 'registry'), 'in', diagnosed))
    .execute();
  const old = trx
    .selectFrom('benchmarks')
    .select('id')
    .where('state', 'in', ['finished', 'stopped'])
    .where('finishedAt', '<', beforeMs)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('samples').select('samples.id').whereRef('samples.benchmark', '=', 'benchmarks.id'))),
    )
    .limit(ROWS_AT_ONCE);
  const { numDeletedRows } = await trx.deleteFrom('benchmarks').where('id', 'in', old).executeTakeFirstOrThrow();
  return toPruned(numDeletedRows, ROWS_AT_ONCE);
}

/** Downloads that agents have taken or that came to nothing, and payloads that are gone from their registry. */
export async function pruneWork(trx: Changes, beforeMs: number): Promise<Pruned> {
  const old = trx
    .selectFrom('deskWork')
    .select('id')
    .where('state', 'in', ['lapsed', 'done'])
    .where('putAt', '<', beforeMs)
    .limit(ROWS_AT_ONCE);
  const { numDeletedRows } = await trx.deleteFrom('deskWork').where('id', 'in', old).executeTakeFirstOrThrow();
  const gone = trx
    .selectFrom('keptPayloads')
    .select('id')
    .where('state', 'in', ['gone', 'failed'])
    .where('at', '<', beforeMs)
    .limit(ROWS_AT_ONCE);
  const payloads = await trx.deleteFrom('keptPayloads').where('id', 'in', gone).executeTakeFirstOrThrow();
  return toPruned(numDeletedRows + payloads.numDeletedRows, ROWS_AT_ONCE);
}

/** As much as was asked for: there may be more. */
export function toPruned(rows: bigint, atOnce: number): Pruned {
  return { removed: Number(rows), next: rows >= BigInt(atOnce) ? 'more' : null };
}
