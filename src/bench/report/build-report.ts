import { localTimes } from '../recommend/local-time.ts';
import type { PathLeg } from '../recommend/measurement.ts';
import type { Recommendation } from '../recommend/recommendation.ts';
import type { QuantileSketch } from '../statistics/quantile-sketch.ts';
import { wilsonInterval } from '../statistics/wilson-interval.ts';
import { FigureSet, type SketchName } from './figure-set.ts';
import { HOUR_MS, type HourRow } from './hour-row.ts';
import type { HourPoint, Quantiles, Report, ReportSeries, TimePoint } from './report.ts';

export type ReportQuestion = {
  readonly campaign: string | null;
  readonly timeZone: string;
  readonly referenceBytes: number;
  /** Else that of the recommendation, else the one with the most samples. */
  readonly payloadBytes?: number;
  readonly recommendation: Recommendation | null;
};

/** More points than this cannot be told apart in a chart of a page's width. */
const MOST_POINTS = 168;
/** With fewer samples to a point there is no smoke to see. */
const LEAST_SAMPLES = 6;
/** Hours that one point may stand for: parts of a day, then days. */
const STEP_HOURS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 168, 336, 672];

/** The report over the hours of a campaign, or of whatever is given. */
export function buildReport(rows: readonly HourRow[], question: ReportQuestion): Report {
  const sizes = countSizes(rows);
  const payloadBytes = choosePayload(sizes, question);
  const reported = rows.filter((row) => row.payloadBytes === payloadBytes);
  const hours = reported.map(({ hourAt }) => hourAt);
  const from = hours.length === 0 ? null : hours.reduce((least, hour) => Math.min(least, hour));
  const last = hours.reduce((greatest, hour) => Math.max(greatest, hour), 0);
  const until = from === null ? null : last + HOUR_MS;
  const groups = Map.groupBy(reported, ({ registry, leg }) => JSON.stringify([registry, leg]));
  const stepMs = findStep(
    (until ?? 0) - (from ?? 0),
    sizes.find((size) => size.payloadBytes === payloadBytes)?.samples ?? 0,
    groups.size,
  );
  const series = [...groups.values()].map((group) => describeSeries(group, from ?? 0, stepMs, question.timeZone));
  const rank = new Map(question.recommendation?.ranked.map(({ registry }, at) => [registry, at]));
  series.sort(
    (a, b) =>
      (rank.get(a.registry) ?? rank.size) - (rank.get(b.registry) ?? rank.size) ||
      (a.registry === b.registry ? legOrder(a.leg) - legOrder(b.leg) : a.registry < b.registry ? -1 : 1),
  );
  const { campaign, timeZone, referenceBytes, recommendation } = question;
  const samples = series.reduce((sum, one) => sum + one.samples, 0);
  return {
    campaign,
    from,
    until,
    timeZone,
    referenceBytes,
    payloadBytes,
    sizes,
    samples,
    stepMs,
    series,
    recommendation,
  };
}

function countSizes(rows: readonly HourRow[]): Report['sizes'] {
  const counts = new Map<number, number>();
  // The number of samples is the first field of a set.
  for (const { payloadBytes, figures } of rows) {
    const samples = new DataView(figures.buffer, figures.byteOffset).getUint32(0, true);
    counts.set(payloadBytes, (counts.get(payloadBytes) ?? 0) + samples);
  }
  return [...counts]
    .map(([payloadBytes, samples]) => ({ payloadBytes, samples }))
    .sort((a, b) => a.payloadBytes - b.payloadBytes);
}

function choosePayload(sizes: Report['sizes'], { payloadBytes, recommendation }: ReportQuestion): number | null {
  const wanted = payloadBytes ?? recommendation?.payloadBytes ?? null;
  if (sizes.some((size) => size.payloadBytes === wanted)) return wanted;
  return sizes.toSorted((a, b) => b.samples - a.samples || b.payloadBytes - a.payloadBytes)[0]?.payloadBytes ?? null;
}

function findStep(lengthMs: number, samples: number, series: number): number {
  const points = Math.min(MOST_POINTS, Math.max(1, samples / Math.max(1, series) / LEAST_SAMPLES));
  const hours = STEP_HOURS.find((step) => lengthMs / (step * HOUR_MS) <= points);
  return (hours ?? Math.ceil(lengthMs / HOUR_MS / MOST_POINTS)) * HOUR_MS;
}

function describeSeries(rows: readonly HourRow[], from: number, stepMs: number, timeZone: string): ReportSeries {
  const [first] = rows;
  const toLocal = localTimes(timeZone);
  const steps = new Map<number, FigureSet>();
  const hours = new Map<number, FigureSet>();
  for (const { hourAt, figures } of rows) {
    mergeInto(steps, Math.floor((hourAt - from) / stepMs), figures);
    mergeInto(hours, toLocal(hourAt).hour, figures, ['seconds']);
  }
  const whole = new FigureSet();
  for (const step of steps.values()) whole.merge(step);
  const { sketches } = whole;
  const shares = Array.from({ length: 51 }, (_, at) => at / 50);
  return {
    registry: first?.registry ?? '',
    leg: first?.leg ?? 'upload',
    samples: whole.samples,
    failed: share(whole.failed, whole.samples),
    stalled: share(whole.stalled, whole.samples),
    suspect: whole.suspect,
    seconds: quantilesOf(sketches.seconds),
    rate: quantilesOf(sketches.rate),
    idleMs: quantilesOf(sketches.idleMs),
    loadedMs: quantilesOf(sketches.loadedMs),
    jitterMs: quantilesOf(sketches.jitterMs),
    overTime: [...steps].sort(([a], [b]) => a - b).map(([step, set]) => timePoint(from + (step + 0.5) * stepMs, set)),
    byHour: Array.from({ length: 24 }, (_, hour) => hourPoint(hour, hours.get(hour))),
    distribution: sketches.seconds.quantiles(shares),
  };
}

function mergeInto(sets: Map<number, FigureSet>, key: number, figures: Uint8Array, only?: readonly SketchName[]): void {
  let set = sets.get(key);
  if (set === undefined) {
    set = new FigureSet();
    sets.set(key, set);
  }
  set.mergeBytes(figures, only);
}

function timePoint(at: number, set: FigureSet): TimePoint {
  const { rate, idleMs, loadedMs } = set.sketches;
  return {
    at,
    samples: set.samples,
    failedShare: set.failed / set.samples,
    rate: quantilesOf(rate),
    idleMs: idleMs.quantile(0.5) ?? null,
    loadedMs: loadedMs.quantile(0.5) ?? null,
  };
}

function hourPoint(hour: number, set: FigureSet | undefined): HourPoint {
  if (set === undefined) return { hour, samples: 0, failedShare: 0, p90: null };
  return {
    hour,
    samples: set.samples,
    failedShare: set.failed / set.samples,
    p90: set.sketches.seconds.quantile(0.9) ?? null,
  };
}

function quantilesOf(sketch: QuantileSketch): Quantiles | null {
  const [p5, p10, p25, p50, p75, p90, p95] = sketch.quantiles([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]);
  if (p5 === undefined || p10 === undefined || p25 === undefined || p50 === undefined) return null;
  return p75 === undefined || p90 === undefined || p95 === undefined ? null : { p5, p10, p25, p50, p75, p90, p95 };
}

function share(hits: number, trials: number) {
  return { share: trials === 0 ? 0 : hits / trials, ...wilsonInterval(hits, trials) };
}

function legOrder(leg: PathLeg): number {
  return leg === 'upload' ? 0 : 1;
}
