import type { Sample } from '../sample.ts';
import { findStalls, findSteadyRate } from './flow-figures.ts';
import { SUSPECT_LOAD } from './local-load.ts';

/** What was seen of one body, and of the questions beside it. */
export type FlowSeen = Pick<
  Sample,
  'payloadBytes' | 'error' | 'bodySeconds' | 'intervalMs' | 'intervalBytes' | 'idle' | 'loaded' | 'localLoad'
> & { readonly firstByteMs: number | null };

type Outcome = Pick<
  Sample,
  | 'ok'
  | 'setupSeconds'
  | 'wholeRate'
  | 'rate'
  | 'stalls'
  | 'longestGapMs'
  | 'idleMs'
  | 'loadedMs'
  | 'jitterMs'
  | 'suspect'
>;

/** The figures that follow from what was seen, wherever it was. */
export function flowOutcome(seen: FlowSeen): Outcome {
  const { payloadBytes, error, bodySeconds, firstByteMs, intervalMs, intervalBytes, idle, loaded, localLoad } = seen;
  const wholeRate = error === null && bodySeconds ? payloadBytes / bodySeconds : null;
  const { stalls, longestMs } = findStalls(intervalBytes, intervalMs);
  return {
    ok: error === null,
    setupSeconds: (firstByteMs ?? 0) / 1_000,
    wholeRate,
    rate: wholeRate === null ? null : (findSteadyRate(intervalBytes, intervalMs) ?? wholeRate),
    stalls,
    longestGapMs: longestMs,
    idleMs: idle?.p50 ?? null,
    loadedMs: loaded?.p50 ?? null,
    jitterMs: loaded?.meanDifference ?? idle?.meanDifference ?? null,
    suspect: localLoad !== null && localLoad > SUSPECT_LOAD,
  };
}
