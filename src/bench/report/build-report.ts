import type { FlowDiagnosis } from '../flow-diagnosis.ts';
import { localTimes } from '../recommend/local-time.ts';
import type { PathLeg } from '../recommend/measurement.ts';
import type { Recommendation } from '../recommend/recommendation.ts';
import type { QuantileSketch } from '../statistics/quantile-sketch.ts';
import { wilsonInterval } from '../statistics/wilson-interval.ts';
import { FigureSet, type SketchName } from './figure-set.ts';
import { HOUR_MS } from './hour-row.ts';
import type { HourSize, HourSource, ReportedHour } from './hour-source.ts';
import { judgeFlows } from './judge-flows.ts';
import type { HourPoint, Quantiles, Report, ReportSeries, TimePoint } from './report.ts';
import { explainSending } from './sending.ts';

export type ReportQuestion = {
  readonly campaign: string | null;
  readonly timeZone: string;
  readonly referenceBytes: number;
  /** Else that of the recommendation, else the one with the most samples. */
  readonly payloadBytes?: number;
  readonly recommendation: Recommendation | null;
  /** Of one connection against eight, oldest first; the newest of each registry counts. */
  readonly diagnoses?: readonly FlowDiagnosis[];
  /** What each registry's uploads were sent with. */
  readonly algorithms?: ReadonlyMap<string, readonly string[]>;
};

/** More points than this cannot be told apart in a chart of a page's width. */
const MOST_POINTS = 168;
/** With fewer samples to a point there is no smoke to see. */
const LEAST_SAMPLES = 6;
/** Hours that one point may stand for: parts of a day, then days. */
const STEP_HOURS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 168, 336, 672];

/** The report over the hours of a campaign, or of whatever is given. */
export function buildReport(source: HourSource, question: ReportQuestion): Report {
  const { campaign, timeZone, referenceBytes, recommendation, diagnoses = [], algorithms = new Map() } = question;
  const diagnosed = new Map(diagnoses.map((diagnosis) => [diagnosis.registry, diagnosis]));
  const size = chooseSize(source.sizes, question);
  const sizes = source.sizes.map(({ payloadBytes, samples }) => ({ payloadBytes, samples }));
  const about = { campaign, timeZone, referenceBytes, recommendation, sizes };
  if (size === undefined)
    return {
      ...about,
      from: null,
      until: null,
      payloadBytes: null,
      samples: 0,
      stepMs: HOUR_MS,
      series: [],
      sending: null,
    };
  const until = size.lastAt + HOUR_MS;
  const stepMs = findStep(until - size.firstAt, size.samples / size.series);
  const gathered = gatherSeries(source.rows(size.payloadBytes), size.firstAt, stepMs, timeZone);
  const series = gathered.map((one) => ({
    ...describeSeries(one, size.firstAt, stepMs),
    flows: judgeFlows(one.leg, diagnosed.get(one.registry)),
  }));
  const rank = new Map(recommendation?.ranked.map(({ registry }, at) => [registry, at]));
  series.sort(
    (a, b) =>
      (rank.get(a.registry) ?? rank.size) - (rank.get(b.registry) ?? rank.size) ||
      (a.registry === b.registry ? legOrder(a.leg) - legOrder(b.leg) : a.registry < b.registry ? -1 : 1),
  );
  const samples = series.reduce((sum, one) => sum + one.samples, 0);
  const sending = explainSending(algorithms, series, referenceBytes);
  return { ...about, from: size.firstAt, until, payloadBytes: size.payloadBytes, samples, stepMs, series, sending };
}

function chooseSize(
  sizes: readonly HourSize[],
  { payloadBytes, recommendation }: ReportQuestion,
): HourSize | undefined {
  const wanted = payloadBytes ?? recommendation?.payloadBytes;
  const mostFirst = sizes.toSorted((a, b) => b.samples - a.samples || b.payloadBytes - a.payloadBytes);
  return sizes.find((size) => size.payloadBytes === wanted) ?? mostFirst[0];
}

function findStep(lengthMs: number, samplesPerSeries: number): number {
  const points = Math.min(MOST_POINTS, Math.max(1, samplesPerSeries / LEAST_SAMPLES));
  const hours = STEP_HOURS.find((step) => lengthMs / (step * HOUR_MS) <= points);
  return (hours ?? Math.ceil(lengthMs / HOUR_MS / MOST_POINTS)) * HOUR_MS;
}

type GatheredSeries = {
  readonly registry: string;
  readonly leg: PathLeg;
  readonly steps: Map<number, FigureSet>;
  /** Only their times. */
  readonly hours: Map<number, FigureSet>;
};

function gatherSeries(rows: Iterable<ReportedHour>, from: number, stepMs: number, timeZone: string): GatheredSeries[] {
  const toLocal = localTimes(timeZone);
  const all = new Map<string, GatheredSeries>();
  for (const { registry, leg, hourAt, figures } of rows) {
    const key = `${leg} ${registry}`;
    let series = all.get(key);
    if (series === undefined) {
      series = { registry, leg, steps: new Map(), hours: new Map() };
      all.set(key, series);
    }
    mergeInto(series.steps, Math.floor((hourAt - from) / stepMs), figures);
    mergeInto(series.hours, toLocal(hourAt).hour, figures, ['seconds']);
  }
  return [...all.values()];
}

function mergeInto(sets: Map<number, FigureSet>, key: number, figures: Uint8Array, only?: readonly SketchName[]): void {
  let set = sets.get(key);
  if (set === undefined) {
    set = new FigureSet();
    sets.set(key, set);
  }
  set.mergeBytes(figures, only);
}

function describeSeries(
  { registry, leg, steps, hours }: GatheredSeries,
  from: number,
  stepMs: number,
): Omit<ReportSeries, 'flows'> {
  const whole = new FigureSet();
  for (const step of steps.values()) whole.merge(step);
  const { sketches } = whole;
  const shares = Array.from({ length: 51 }, (_, at) => at / 50);
  return {
    registry,
    leg,
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
