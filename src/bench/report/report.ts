import type { PathLeg } from '../recommend/measurement.ts';
import type { Recommendation } from '../recommend/recommendation.ts';
import type { Interval } from '../statistics/wilson-interval.ts';
import type { FlowReading } from './judge-flows.ts';
import type { Sending } from './sending.ts';

/** What a person reads about measurements, as values. Rates are bytes per second, times seconds or milliseconds. */
export type Report = {
  /** Null for everything that was measured in the time. */
  readonly campaign: string | null;
  readonly from: number | null;
  readonly until: number | null;
  readonly timeZone: string;
  readonly referenceBytes: number;
  /** The size of payload that everything below is about; null where nothing was measured. */
  readonly payloadBytes: number | null;
  /** Every size there is, with its number of samples. */
  readonly sizes: readonly { readonly payloadBytes: number; readonly samples: number }[];
  readonly samples: number;
  /** Milliseconds that one point of `overTime` stands for. */
  readonly stepMs: number;
  /** Registries in the order of the recommendation, else by name; upload before download. */
  readonly series: readonly ReportSeries[];
  readonly recommendation: Recommendation | null;
  /** Null where the system did not tell how uploads were sent. */
  readonly sending: Sending | null;
};

/** One registry and leg. */
export type ReportSeries = {
  readonly registry: string;
  readonly leg: PathLeg;
  readonly samples: number;
  readonly failed: Interval & { readonly share: number };
  readonly stalled: Interval & { readonly share: number };
  readonly suspect: number;
  /** Of the reference image on this leg, failures counted at the deadline. */
  readonly seconds: Quantiles | null;
  readonly rate: Quantiles | null;
  readonly idleMs: Quantiles | null;
  readonly loadedMs: Quantiles | null;
  readonly jitterMs: Quantiles | null;
  /** One connection against eight: held up by loss, or capped? */
  readonly flows: FlowReading;
  readonly overTime: readonly TimePoint[];
  /** 24 of them, midnight first, in the report's time zone. */
  readonly byHour: readonly HourPoint[];
  /** Ascending seconds at the shares 0, 0.02 … 1: the cumulative distribution. */
  readonly distribution: readonly number[];
};

export type Quantiles = {
  readonly p5: number;
  readonly p10: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
};

export type TimePoint = {
  /** The middle of the step. */
  readonly at: number;
  readonly samples: number;
  readonly failedShare: number;
  readonly rate: Quantiles | null;
  readonly idleMs: number | null;
  readonly loadedMs: number | null;
};

export type HourPoint = {
  readonly hour: number;
  readonly samples: number;
  readonly failedShare: number;
  /** Seconds for the reference image that 90 % stay within; null without samples. */
  readonly p90: number | null;
};
