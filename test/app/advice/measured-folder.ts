import type { Measurement } from '../../../src/bench/recommend/measurement.ts';
import type { RecordedMeasurement } from '../../../src/bench/recorded-measurement.ts';
import { openStore } from '../../../src/store/store.ts';

/** What counts as enough where a test measures every three hours only. */
export const FEW = { samples: 40, days: 3, hoursOfDay: 8 };

export const REFERENCE = { bytes: 150e6, deadlineSeconds: 1_800 };

/** What was simulated, as the service would have recorded it; the last of it at `until`. */
export function toRecorded(measurements: readonly Measurement[], until: number): RecordedMeasurement[] {
  const last = Math.max(...measurements.map(({ at }) => at));
  return measurements.map((one, nth) => ({
    ...one,
    id: `sample_${nth}`,
    campaign: 'bench_1',
    site: one.leg === 'upload' ? 'beijing' : 'us-east',
    at: one.at - last + until,
    idleMs: 92,
    loadedMs: 120,
  }));
}

/** Records measurements in a data folder that no service has open. */
export async function recordIn(folder: string, measurements: readonly RecordedMeasurement[]): Promise<void> {
  const store = await openStore({ folder });
  try {
    await store.measurements.record(measurements, REFERENCE);
  } finally {
    await store.close();
  }
}
