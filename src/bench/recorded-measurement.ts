import { isMilliseconds, isPlausible, type Measurement } from './recommend/measurement.ts';
import type { SampleFigures } from './report/figure-set.ts';

/** The figures of one sample as they are kept beside it, for the rule and the report. */
export type RecordedMeasurement = Measurement & {
  /** The sample's. Recording the same one again changes nothing. */
  readonly id: string;
  readonly campaign: string;
  /** Where it was measured: the service's site for uploads, the agent's for downloads. */
  readonly site: string;
  /** Median round trips, milliseconds, without load and while bytes flowed; null where they were not probed. */
  readonly idleMs: number | null;
  readonly loadedMs: number | null;
  /** What an upload's connections used; null where that is not known, as of every download. */
  readonly congestionControl?: string | null;
};

/** Can all of this have been measured? */
export function isRecordable(measurement: RecordedMeasurement): boolean {
  return isPlausible(measurement) && isMilliseconds(measurement.idleMs) && isMilliseconds(measurement.loadedMs);
}

export type ReferenceImage = { readonly bytes: number; readonly deadlineSeconds: number };

/** What the report makes of it: the time of the reference image, failures at the deadline. */
export function toSampleFigures(measurement: RecordedMeasurement, reference: ReferenceImage): SampleFigures {
  const { ok, rate, setupSeconds, stalls } = measurement;
  const seconds = ok && rate !== null ? setupSeconds + reference.bytes / rate : Number.POSITIVE_INFINITY;
  return { ...measurement, stalled: stalls > 0, seconds: Math.min(seconds, reference.deadlineSeconds) };
}
