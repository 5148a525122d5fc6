import type { RecordedMeasurement } from '../../src/bench/recorded-measurement.ts';

export const AT = Date.UTC(2026, 2, 1, 8, 30);
export const REFERENCE = { bytes: 150e6, deadlineSeconds: 1_800 };

/** An upload to Singapore that worked, with what a test wants different. */
export function sampleMeasurement(id: string, changes: Partial<RecordedMeasurement> = {}): RecordedMeasurement {
  return {
    id,
    campaign: 'bench_1',
    site: 'beijing',
    registry: 'singapore',
    leg: 'upload',
    round: 'r1',
    at: AT,
    payloadBytes: 16_000_000,
    ok: true,
    setupSeconds: 0.5,
    rate: 1e6,
    suspect: false,
    stalls: 0,
    jitterMs: 1,
    idleMs: 90,
    loadedMs: 120,
    ...changes,
  };
}
