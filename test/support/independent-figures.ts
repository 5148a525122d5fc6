// The figures of the rule from all that was seen in a sample, by docs/how-we-measure.md and written a second time: it shares
// no code with src/bench, and takes nothing from a sample that was reckoned there.
import type { PlainMeasurement } from './independent-recommendation.ts';

/** A sample as `GET /v1/benchmarks/{id}/samples` has it, as far as it was seen and not reckoned. */
export type RawSample = {
  readonly id: string;
  readonly campaign: string;
  readonly registry: string;
  readonly leg: 'upload' | 'download';
  readonly round: string;
  readonly at: string;
  readonly payloadBytes: number;
  readonly error: { readonly code: string; readonly step: string | null } | null;
  readonly setup: { readonly firstByteMs: number | null };
  readonly bodySeconds: number | null;
  readonly intervalMs: number;
  readonly intervalBytes: readonly number[];
  readonly localLoad: number | null;
  readonly congestionControl: string | null;
  readonly retransmittedBytes: number | null;
  readonly idle: RawRoundTrips | null;
  readonly loaded: RawRoundTrips | null;
};

type RawRoundTrips = {
  readonly sent: number;
  readonly lost: number;
  readonly p50: number;
  readonly p95: number;
  readonly meanDifference: number;
};

/** Undefined for what only stands in for a sample: it says nothing of the path. */
export function figuresOf(sample: RawSample): PlainMeasurement | undefined {
  const { registry, leg, round, payloadBytes, error, setup, localLoad } = sample;
  if (error !== null && ['agent_away', 'budget_used_up'].includes(error.code)) return undefined;
  return {
    ...{ registry, leg, round, payloadBytes },
    at: Date.parse(sample.at),
    ok: error === null,
    setupSeconds: (setup.firstByteMs ?? 0) / 1_000,
    rate: error === null ? rateOf(sample) : null,
    suspect: (localLoad ?? 0) > 0.9,
  };
}

/**
 * The first 3 s are left out, but at most a third of the body; where under a second is left, or less than half of the
 * bytes, nothing is.
 */
function rateOf({ payloadBytes, bodySeconds, intervalMs, intervalBytes }: RawSample): number {
  const skipped = Math.min(Math.ceil(3_000 / intervalMs), Math.floor(intervalBytes.length / 3));
  let [all, bytes, seconds] = [0, 0, 0];
  for (const [nth, moved] of intervalBytes.entries()) {
    all += moved;
    if (nth >= skipped) [bytes, seconds] = [bytes + moved, seconds + intervalMs / 1_000];
  }
  return seconds >= 1 && bytes > 0 && bytes >= all / 2 ? bytes / seconds : payloadBytes / (bodySeconds ?? Number.NaN);
}
