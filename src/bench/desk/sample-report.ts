import { failedSample } from '../probes/failed-sample.ts';
import { flowOutcome } from '../probes/flow-outcome.ts';
import { isRecordable } from '../recorded-measurement.ts';
import type { RoundTrips, Sample } from '../sample.ts';
import type { DeskWork } from './desk-work.ts';

/** What an agent saw of one download. What follows from it is reckoned here, so that it cannot say anything else. */
export type SampleReport = Pick<
  Sample,
  | 'id'
  | 'at'
  | 'error'
  | 'setup'
  | 'bodySeconds'
  | 'intervalMs'
  | 'intervalBytes'
  | 'idle'
  | 'loaded'
  | 'connections'
  | 'localLoad'
>;

/** Clocks that were compared over a bad line differ by about that. */
const CLOCK_SLACK_MS = 5_000;
/** The meter's last interval, and what a busy machine makes late. */
const SLACK_SECONDS = 5;

/** The sample that a report is about. */
export function toSample(report: SampleReport, work: DeskWork): Sample {
  const { id, campaign, round, site, registry, payloadBytes } = work;
  const order = { id, campaign, round, site, registry, payloadBytes, leg: 'download' as const };
  const { setup, intervalMs, ...seen } = report;
  return {
    ...failedSample(order, report.at, { code: 'internal', step: null, detail: '' }),
    ...seen,
    setup,
    intervalMs,
    ...flowOutcome({ ...report, payloadBytes, firstByteMs: setup.firstByteMs }),
  };
}

/** Why this cannot have been measured for that work; undefined where it can. */
export function findFault(report: SampleReport, work: DeskWork, nowMs: number): string | undefined {
  const { at, error, bodySeconds, intervalMs, intervalBytes } = report;
  if (at < work.putAt - CLOCK_SLACK_MS || at > nowMs + CLOCK_SLACK_MS)
    return `at must lie between ${new Date(work.putAt).toISOString()}, when the work was put on the desk, and now`;
  const received = intervalBytes.reduce((sum, bytes) => sum + bytes, 0);
  if (received > work.payloadBytes)
    return `intervalBytes add up to ${received}, which is more than the payload of ${work.payloadBytes} bytes`;
  if (error === null && !(bodySeconds !== null && bodySeconds > 0))
    return 'bodySeconds must be positive where error is null';
  const sinceSeconds = (nowMs - at) / 1_000 + SLACK_SECONDS;
  const tookSeconds = (report.setup.firstByteMs ?? 0) / 1_000 + (bodySeconds ?? 0);
  if (tookSeconds > sinceSeconds) return `it took ${tookSeconds} s, which have not passed since at`;
  if ((intervalBytes.length * intervalMs) / 1_000 > sinceSeconds)
    return 'intervalBytes has more than the time since at';
  for (const [path, trips] of [
    ['idle', report.idle],
    ['loaded', report.loaded],
  ] as const) {
    if (trips !== null && !isOrdered(trips)) return `${path} has figures that contradict each other`;
  }
  return isRecordable(toSample(report, work)) ? undefined : 'its figures give a rate that no path has';
}

function isOrdered({ sent, lost, min, p50, p95, max }: RoundTrips): boolean {
  return lost < sent && min <= p50 && p50 <= p95 && p95 <= max;
}
