import { presentReport } from '../../api/present/present-report.ts';
import type { ReportRequest } from '../../bench/advice.ts';
import { campaignsOf, type MeasurementReader } from '../../bench/measurement-store.ts';
import type { PathLeg } from '../../bench/recommend/measurement.ts';
import { recommend } from '../../bench/recommend/recommend.ts';
import type { Recommendation } from '../../bench/recommend/recommendation.ts';
import type { RuleSettings } from '../../bench/recommend/rule-settings.ts';
import type { Candidate } from '../../bench/recommend/standing.ts';
import { EARLIER_MS, type Incumbent } from '../../bench/recommend/switch-decision.ts';
import { buildReport } from '../../bench/report/build-report.ts';
import { HOUR_MS } from '../../bench/report/hour-row.ts';
import { reportPage } from '../../bench/report/page/report-page.ts';
import { reportCsv } from '../../bench/report/report-csv.ts';
import { findAlgorithms } from '../../bench/report/sending.ts';
import { Failure } from '../../kernel/failure.ts';
import { sizeText } from '../../kernel/figure-text.ts';

/** All that the rule is asked, but the measurements. */
export type RecommendTask = {
  readonly kind: 'recommend';
  readonly site: string;
  readonly at: number;
  readonly candidates: readonly Candidate[];
  readonly legs: readonly PathLeg[];
  readonly incumbent: Incumbent | null;
  readonly rule: RuleSettings;
};

export type ReportTask = {
  readonly kind: 'report';
  readonly request: ReportRequest;
  readonly recommend: RecommendTask;
  /** Null for a campaign that measured nothing and is not known to be one. */
  readonly isKnown: boolean;
};

export type AdviceTask = RecommendTask | ReportTask;

/** Null for a report about a campaign that there never was. */
export type AdviceAnswer = Recommendation | string | null;

/** Does a task from what the store holds now. Takes a thread of its own for as long as it takes. Throws `data_unusable`. */
export function performAdviceTask(reader: MeasurementReader, task: AdviceTask): AdviceAnswer {
  try {
    return task.kind === 'recommend' ? performRecommend(reader, task) : performReport(reader, task);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const remedy = 'restore the data folder from a backup';
    throw new Failure('data_unusable', `reading measured hours from the database: ${cause.message}; ${remedy}`, {
      cause,
    });
  }
}

function performRecommend(
  reader: MeasurementReader,
  task: RecommendTask,
  measurements = readMeasurements(reader, task),
): Recommendation {
  const { at } = task;
  return recommend({ ...task, measurements, seed: seedOf(at), campaigns: campaignsOf(measurements) });
}

function readMeasurements(reader: MeasurementReader, { site, at, rule }: RecommendTask) {
  return reader.measurements({ site, after: at - rule.windowMs - EARLIER_MS, until: at });
}

function performReport(reader: MeasurementReader, { request, recommend: asked, isKnown }: ReportTask): string | null {
  const { site, campaign, windowMs, payloadBytes, format } = request;
  const after = windowMs === undefined ? 0 : asked.at - windowMs;
  const hours = reader.hours({ site, campaign, after, until: asked.at });
  const isEmpty = hours.sizes.length === 0;
  if (isEmpty && !isKnown) return null;
  if (!isEmpty && payloadBytes !== undefined && hours.sizes.every((size) => size.payloadBytes !== payloadBytes))
    throw sizeNotMeasured(
      payloadBytes,
      hours.sizes.map((size) => size.payloadBytes),
    );
  // What an old campaign led to is what was known when it ended.
  const ended = hours.sizes.reduce((last, { lastAt }) => Math.max(last, lastAt + HOUR_MS), 0);
  const at = campaign === null || isEmpty ? asked.at : Math.min(asked.at, ended);
  const task = { ...asked, at };
  const measurements = readMeasurements(reader, task);
  const report = buildReport(hours, {
    campaign,
    timeZone: asked.rule.timeZone,
    referenceBytes: asked.rule.referenceBytes,
    diagnoses: reader.diagnoses({ campaign, after, until: asked.at }),
    recommendation: performRecommend(reader, task, measurements),
    algorithms: findAlgorithms(measurements.filter((one) => campaign === null || one.campaign === campaign)),
    ...(payloadBytes === undefined ? {} : { payloadBytes }),
  });
  if (format === 'html') return reportPage(report);
  return format === 'csv' ? reportCsv(report) : JSON.stringify(presentReport(report));
}

function sizeNotMeasured(wanted: number, measured: readonly number[]): Failure {
  const names = [...new Set(measured)].sort((a, b) => a - b).map(sizeText);
  const detail = `nothing was measured with ${sizeText(wanted)}; there is ${names.join(', ')}`;
  return new Failure('validation_failed', `payload: ${detail}`, { errors: [{ path: 'payload', detail }] });
}

/** Only windows beyond seven days are resampled by chance; then the instant decides, so that it can be repeated. */
function seedOf(at: number): number {
  return Math.floor(at / 1_000) % 2 ** 31;
}
