export type PathLeg = 'upload' | 'download';

/** One sample, as far as the rule looks at it. */
export type Measurement = {
  readonly registry: string;
  readonly leg: PathLeg;
  /** What was measured in one round, near each other in time, bears the same name. */
  readonly round: string;
  /** Milliseconds since the epoch, by the service's clock. */
  readonly at: number;
  readonly payloadBytes: number;
  readonly ok: boolean;
  /** From the first look-up to the first byte, seconds. */
  readonly setupSeconds: number;
  /** Bytes per second once under way; null where it failed. */
  readonly rate: number | null;
  /** The machine that measured was busy with other things. */
  readonly suspect: boolean;
  /** Moments without any byte that were long enough to notice. */
  readonly stalls: number;
  /** Mean absolute difference of consecutive round trips, milliseconds; null where it was not probed. */
  readonly jitterMs: number | null;
};

/** No path is faster: 400 Gbit/s. A rate beyond it was not measured. */
const GREATEST_RATE = 5e10;
/** Blobs have at most 5 TiB anywhere. */
const GREATEST_PAYLOAD = 5.5e12;

/**
 * Can this have been measured? What agents report is checked where it comes in; the rule asks again, so that no figure
 * can make nonsense of a median however it got here.
 */
export function isPlausible(measurement: Measurement): boolean {
  const { at, payloadBytes, ok, setupSeconds, rate, stalls, jitterMs } = measurement;
  return (
    Number.isFinite(at) &&
    isBetween(payloadBytes, 1, GREATEST_PAYLOAD) &&
    isBetween(setupSeconds, 0, 86_400) &&
    isBetween(stalls, 0, 1e6) &&
    isMilliseconds(jitterMs) &&
    (rate === null ? !ok : isBetween(rate, Number.MIN_VALUE, GREATEST_RATE))
  );
}

/** A time between packets, or null where it was not probed. */
export function isMilliseconds(value: number | null): boolean {
  return value === null || isBetween(value, 0, 3_600_000);
}

function isBetween(value: number, least: number, greatest: number): boolean {
  return Number.isFinite(value) && value >= least && value <= greatest;
}
