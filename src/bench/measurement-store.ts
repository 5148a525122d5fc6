import type { FlowDiagnosis } from './flow-diagnosis.ts';
import type { Measurement } from './recommend/measurement.ts';
import type { RecordedMeasurement, ReferenceImage } from './recorded-measurement.ts';
import type { HourSource } from './report/hour-source.ts';

/** What was measured, for a site: all uploads, and the downloads to that site. */
export type MeasurementRange = {
  readonly site: string;
  /** Milliseconds since the epoch: from, not including, and up to, including. */
  readonly after: number;
  readonly until: number;
};

/** Keeps the figures of samples. */
export type MeasurementStore = {
  /** Was nothing measured yet? */
  isEmpty(): Promise<boolean>;
  /**
   * Records them, each once by its id, with the hours that they belong to; times in those are for the reference image.
   * What cannot have been measured is left out. Answers how many were new.
   */
  /** The newest uploads to a registry that came through on a machine that was not busy, newest first. */
  recentUploads(registry: string, limit: number): Promise<readonly MeasuredUpload[]>;
  record(measurements: readonly RecordedMeasurement[], reference: ReferenceImage): Promise<number>;
};

/** A sample of an upload that came through. */
export type MeasuredUpload = {
  readonly at: number;
  readonly payloadBytes: number;
  readonly setupSeconds: number;
  /** Bytes per second once under way. */
  readonly rate: number;
};

export type CampaignMeasurement = Measurement & Required<Pick<RecordedMeasurement, 'campaign' | 'congestionControl'>>;

/** Reads them, at once and without giving way: for a thread of its own. */
export type MeasurementReader = {
  /** In the order they were taken. */
  measurements(range: MeasurementRange): readonly CampaignMeasurement[];
  /** The hours that end after `after`, of one campaign or of all. */
  hours(range: MeasurementRange & { readonly campaign: string | null }): HourSource;
  /** Oldest first, of one campaign or of all. */
  diagnoses(range: Omit<MeasurementRange, 'site'> & { readonly campaign: string | null }): readonly FlowDiagnosis[];
  close(): void;
};

/** The campaigns that measurements come from, in order of their ids. */
export function campaignsOf(measurements: readonly CampaignMeasurement[]): readonly string[] {
  return [...new Set(measurements.map(({ campaign }) => campaign))].sort();
}
