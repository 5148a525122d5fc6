import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import { type RecordedMeasurement, toSampleFigures } from '../../src/bench/recorded-measurement.ts';
import { countSamples } from '../../src/bench/report/figure-set.ts';
import { foldIntoHours } from '../../src/bench/report/hour-row.ts';
import { quantile } from '../../src/bench/statistics/quantile.ts';
import { seededRandom } from '../../src/bench/statistics/random.ts';
import { openStore } from '../../src/store/store.ts';
import { openTestService } from '../../test/support/service.ts';
import { openTempFolder } from '../../test/support/temp-folder.ts';

export type ReportPerformance = {
  readonly samples: number;
  readonly days: number;
  readonly hours: number;
  /** Seconds from the request to the last byte: the first, which starts the thread, and the median of the others. */
  readonly firstSeconds: number;
  readonly seconds: number;
  readonly pageSeconds: number;
  readonly recommendSeconds: number;
  readonly recommendRounds: number;
  /** The longest that the event loop was late meanwhile, milliseconds. */
  readonly lateMs: number;
  /** The greatest relative error of a quantile of the report against the raw samples. */
  readonly error: number;
  readonly memoryOverIdleBytes: number;
};

const REGISTRIES = ['singapore', 'korea', 'japan', 'us-west'];
const PAYLOADS = [1_000_000, 16_000_000];
const REFERENCE = { bytes: 150e6, deadlineSeconds: 1_800 };
const HOUR = 3_600_000;

/** Reports over so many samples, asked of a whole service in this process. */
export async function measureReport(samples: number, roundMinutes: number): Promise<ReportPerformance> {
  const perRound = REGISTRIES.length * 2 * PAYLOADS.length;
  const rounds = Math.ceil(samples / perRound);
  const until = Date.now() - 60_000;
  const folder = await openTempFolder('perf-report');
  await (await openStore({ folder: folder.path })).close();
  const raw = new Map<string, number[]>();
  const hours = seed(join(folder.path, 'entrepot.db'), rounds, roundMinutes * 60_000, until, raw);
  const registries = Object.fromEntries(REGISTRIES.map((name) => [name, { url: 'http://127.0.0.1:9' }]));
  const window = `${Math.ceil((rounds * roundMinutes) / 60) + 24}h`;
  const service = await openTestService({ folder: folder.path, registries, choose: 'korea' });
  try {
    const idle = process.memoryUsage.rss();
    const late = monitorEventLoopDelay({ resolution: 5 });
    let peak = idle;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 20);
    const ask = async (path: string) => {
      const begun = performance.now();
      const response = await service.api.fetch(path);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const seconds = (performance.now() - begun) / 1_000;
      if (response.status !== 200) throw new Error(`${path} was answered ${response.status}`);
      return { seconds, bytes };
    };
    // The recommendation that the service looks at when it starts is not what is measured.
    await ask('/v1/recommendation');
    await new Promise((resolve) => setTimeout(resolve, 200));
    late.enable();
    const report = `/v1/benchmarks/all/report?window=${window}`;
    const first = await ask(report);
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) times.push((await ask(report)).seconds);
    const page = await ask(`${report}&format=html`);
    const recommend = await ask('/v1/recommendation');
    late.disable();
    clearInterval(watch);
    const { series } = JSON.parse(Buffer.from(first.bytes).toString()) as {
      series: { registry: string; leg: string; seconds: Record<string, number> }[];
    };
    const { ranked } = JSON.parse(Buffer.from(recommend.bytes).toString()) as { ranked: { samples: number }[] };
    return {
      samples: rounds * perRound,
      days: (rounds * roundMinutes) / 1_440,
      hours,
      firstSeconds: first.seconds,
      seconds: quantile(times, 0.5),
      pageSeconds: page.seconds,
      recommendSeconds: recommend.seconds,
      recommendRounds: ranked[0]?.samples ?? 0,
      lateMs: late.max / 1e6,
      error: greatestError(series, raw),
      memoryOverIdleBytes: peak - idle,
    };
  } finally {
    await service[Symbol.asyncDispose]();
    await folder.remove();
  }
}

/** Straight into the tables, as the store would have written them; answers the number of hours. */
function seed(file: string, rounds: number, stepMs: number, until: number, raw: Map<string, number[]>): number {
  const connection = new Database(file);
  connection.pragma('synchronous = OFF');
  const addMeasurement = connection.prepare(
    `insert into measurements values (?, 'bench_1', ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, null)`,
  );
  const addHour = connection.prepare('insert into measured_hours values (?, ?, ?, ?, ?, ?, ?, ?)');
  const random = seededRandom(1);
  const unit = () => (random(2 ** 30) + 1) / (2 ** 30 + 1);
  let pending: RecordedMeasurement[] = [];
  let [hour, written] = [Number.NaN, 0];
  const flush = () => {
    for (const row of foldIntoHours(pending.map((one) => toSampleFigures(one, REFERENCE)))) {
      addHour.run(
        row.campaign,
        row.site,
        row.registry,
        row.leg,
        row.payloadBytes,
        row.hourAt,
        countSamples(row.figures),
        row.figures,
      );
      written += 1;
    }
    pending = [];
  };
  connection.exec('begin');
  for (let round = 0; round < rounds; round += 1) {
    const at = Math.floor(until - (rounds - 1 - round) * stepMs);
    if (Math.floor(at / HOUR) !== hour) flush();
    hour = Math.floor(at / HOUR);
    for (const one of makeRound(round, at, unit)) {
      pending.push(one);
      const { id, site, registry, leg, payloadBytes, ok, setupSeconds, rate, jitterMs, idleMs, loadedMs } = one;
      addMeasurement.run(
        ...[id, site, registry, leg, one.round, at, payloadBytes, Number(ok), setupSeconds, rate],
        ...[jitterMs, idleMs, loadedMs],
      );
      if (payloadBytes !== PAYLOADS.at(-1)) continue;
      const key = `${registry} ${leg}`;
      const values = raw.get(key) ?? [];
      raw.set(key, values);
      values.push(toSampleFigures(one, REFERENCE).seconds);
    }
  }
  flush();
  connection.exec('commit');
  connection.close();
  return written;
}

function makeRound(round: number, at: number, unit: () => number): RecordedMeasurement[] {
  return REGISTRIES.flatMap((registry) =>
    (['upload', 'download'] as const).flatMap((leg) =>
      PAYLOADS.map((payloadBytes): RecordedMeasurement => {
        const normal = Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
        const ok = unit() > 0.01;
        return {
          id: `sample_${round}_${registry}_${leg}_${payloadBytes}`,
          campaign: 'bench_1',
          site: leg === 'upload' ? 'beijing' : 'us-east',
          registry,
          leg,
          round: `round_${round}`,
          at,
          payloadBytes,
          ok,
          setupSeconds: 0.4,
          rate: ok ? 1e6 * Math.exp(0.4 * normal) : null,
          suspect: false,
          stalls: 0,
          jitterMs: 3 * unit(),
          idleMs: 90 + 5 * unit(),
          loadedMs: 110 + 80 * unit(),
        };
      }),
    ),
  );
}

function greatestError(
  series: readonly { registry: string; leg: string; seconds: Record<string, number> }[],
  raw: ReadonlyMap<string, number[]>,
): number {
  const shares = { p5: 0.05, p10: 0.1, p25: 0.25, p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95 };
  const errors = series.flatMap(({ registry, leg, seconds }) =>
    Object.entries(shares).map(([name, share]) => {
      const exact = quantile(raw.get(`${registry} ${leg}`) ?? [], share);
      return Math.abs((seconds[name] ?? Number.NaN) / exact - 1);
    }),
  );
  return errors.reduce((greatest, error) => (error > greatest || Number.isNaN(error) ? error : greatest), 0);
}
