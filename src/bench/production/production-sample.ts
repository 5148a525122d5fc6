import { flowOutcome } from '../probes/flow-outcome.ts';
import { INTERVAL_MS } from '../probes/interval-meter.ts';
import type { Sample, SampleError } from '../sample.ts';
import type { SpellSeen } from './flow-watch.ts';

/** What production's samples stand under, where those of a benchmark stand under its id. */
export const PRODUCTION = 'production';

/** Less never leaves TCP's slow start and says nothing of the path. */
const LEAST_BYTES = 1_000_000;
/** A second. */
const LEAST_INTERVALS = 4;
/** With less, the source of the bytes was the bottleneck and not the path. */
const LEAST_HELD_UP = 0.5;

/** Failures that the path can be blamed for. */
const PATH_CODES: ReadonlySet<string> = new Set([
  'connect_failed',
  'connection_lost',
  'stalled',
  'timed_out',
  'tls_failed',
]);

export type SpellEnd = {
  readonly site: string;
  readonly registry: string;
  /** What ended it, where that was a failure. */
  readonly error: SampleError | null;
  /** How many attempts of transfers failed meanwhile and are made again. */
  readonly retries: number;
};

/** The sample of a spell of sending; undefined where it tells nothing of the path. */
export function toProductionSample(
  { at, intervalBytes, heldUpShare, ...seen }: SpellSeen,
  { site, registry, error: ended, retries }: SpellEnd,
): Sample | undefined {
  const error = ended !== null && PATH_CODES.has(ended.code) ? ended : null;
  const payloadBytes = intervalBytes.reduce((sum, bytes) => sum + bytes, 0);
  const isEnough =
    payloadBytes >= LEAST_BYTES && intervalBytes.length >= LEAST_INTERVALS && heldUpShare >= LEAST_HELD_UP;
  // A failure tells something however little came before it.
  if (error === null && !isEnough) return undefined;
  const id = `${PRODUCTION}.${registry}.${String(at).padStart(14, '0')}`;
  const flow = {
    payloadBytes: Math.max(payloadBytes, 1),
    error,
    bodySeconds: (intervalBytes.length * INTERVAL_MS) / 1_000,
    intervalMs: INTERVAL_MS,
    intervalBytes,
    // Production asks no questions beside the bytes.
    idle: null,
    loaded: null,
    localLoad: seen.localLoad,
  };
  return {
    ...{ id, campaign: PRODUCTION, site, registry, leg: 'upload', round: id, at, source: 'production' },
    ...flow,
    // Its connections are there already.
    setup: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null },
    ...flowOutcome({ ...flow, firstByteMs: null }),
    bytesFrom: 'acknowledged',
    connections: seen.connections,
    congestionControl: seen.congestionControl,
    retransmittedBytes: seen.retransmittedBytes,
    retries,
  };
}

/** Sizes are not mixed in reports: a spell counts among those of the largest of 1, 4, 16, 64 … MB that it reached. */
export function sizeClass(payloadBytes: number): number {
  return LEAST_BYTES * 4 ** Math.max(0, Math.floor(Math.log(payloadBytes / LEAST_BYTES) / Math.log(4) + 1e-9));
}
