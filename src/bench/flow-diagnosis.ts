import type { SampleError } from './sample.ts';

/** What a number of connections brought to a registry together, each with an upload of its own. */
export type FlowRun = {
  readonly flows: number;
  /** Bytes per second once under way; null where it was over too soon to tell. */
  readonly rate: number | null;
  readonly seconds: number;
  /** Acknowledged by the far side. */
  readonly bytes: number;
  /** What all connections used. */
  readonly congestionControl: string | null;
  /** Null where the system does not tell. */
  readonly retransmittedBytes: number | null;
};

/** One connection against eight: once a campaign and registry, no sample and no part of the rule. */
export type FlowDiagnosis = {
  readonly campaign: string;
  readonly registry: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Null where it failed before. */
  readonly one: FlowRun | null;
  readonly eight: FlowRun | null;
  readonly error: SampleError | null;
  /** Was this machine too busy to tell? */
  readonly suspect: boolean;
};

/** The congestion control that backs off from loss and nothing else: with it, eight share a loss that holds up one. */
export const DIAGNOSTIC_ALGORITHM = 'cubic';
export const MANY_FLOWS = 8;

/** What each of the two runs may move at most. */
export const RUN_BYTES = 16_000_000;
/** Both runs: what a registry's diagnosis takes of the budget. */
export const DIAGNOSIS_BYTES = 2 * RUN_BYTES;
