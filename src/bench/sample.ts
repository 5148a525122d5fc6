import type { RecordedMeasurement } from './recorded-measurement.ts';

/** Round trips of small requests on connections of their own, in milliseconds. */
export type RoundTrips = {
  readonly sent: number;
  /** Not answered within the probe's patience. */
  readonly lost: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Interarrival jitter, smoothed (RFC 3550 section 6.4.1). */
  readonly jitterRfc3550: number;
  /** Mean absolute difference of consecutive round trips. */
  readonly meanDifference: number;
  /** 95th percentile of the delay variation against the smallest (RFC 5481 PDV over RFC 3393). */
  readonly variationP95: number;
};

/** Where the time before the first byte of the body went, milliseconds; null where there was no such step. */
export type SetupTimes = {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  readonly firstByteMs: number | null;
};

/** Why a sample failed: the code of the failure table, and what was being done. */
export type SampleError = { readonly code: string; readonly step: string | null; readonly detail: string };

/** One measurement of one registry and leg, with everything that was seen. What the rule and reports need is `RecordedMeasurement`. */
export type Sample = RecordedMeasurement & {
  readonly source: 'benchmark' | 'production';
  readonly setup: SetupTimes;
  /** From the first to the last byte of the body. */
  readonly bodySeconds: number | null;
  /** Payload over the body's time, ramp-up included; bytes per second. */
  readonly wholeRate: number | null;
  readonly intervalMs: number;
  /** Bytes acknowledged (upload, where the kernel tells them; else taken by the socket) or received (download), by interval. */
  readonly intervalBytes: readonly number[];
  readonly bytesFrom: 'acknowledged' | 'written' | 'received';
  /** Milliseconds of the longest time without bytes. */
  readonly longestGapMs: number;
  readonly error: SampleError | null;
  readonly idle: RoundTrips | null;
  readonly loaded: RoundTrips | null;
  /** Connections that carried the body. */
  readonly connections: number;
  readonly congestionControl: string | null;
  /** Null where the system does not tell. */
  readonly retransmittedBytes: number | null;
  /** Attempts of transfers that failed meanwhile and are made again; only production makes any. */
  readonly retries?: number;
  /** Share of this machine's processors that were busy meanwhile, 0 to 1. */
  readonly localLoad: number | null;
};

/** The codes of what stands where a sample was not taken. */
export const STAND_INS: ReadonlySet<string> = new Set(['agent_away', 'budget_used_up']);

/**
 * Does it stand where a sample was not taken? It says that an agent was away or that there were no bytes left, and
 * nothing of the path: it is kept for people to see, has no figures, and gives way to a sample that comes yet.
 */
export function isStandIn({ error }: Pick<Sample, 'error'>): boolean {
  return STAND_INS.has(error?.code ?? '');
}

/** The step at which a sample failed whose registry was only asked whether it is there, and was sent nothing. */
export const UNREACHED = 'probe';
