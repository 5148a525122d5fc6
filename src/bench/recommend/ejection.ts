import type { PathObservation } from './path-observation.ts';

const IN_A_ROW = 3;
const HOUR = 3_600_000;
const LONGEST_HOURS = 24;

/**
 * Until when a registry is ejected: three rounds in a row that failed eject it for an hour, twice as long each further
 * time up to a day, and every round that succeeds halves the number of times that count. Milliseconds since the epoch;
 * null when it never was. (The idea is Envoy's outlier detection; its comparison with the other hosts needs more of
 * them than there are regions.)
 */
export function findEjectedUntil(observations: readonly PathObservation[]): number | null {
  let [failures, times] = [0, 0];
  let until: number | null = null;
  for (const { ok, at } of observations.toSorted((a, b) => a.at - b.at)) {
    if (ok) {
      failures = 0;
      times = Math.floor(times / 2);
      continue;
    }
    failures += 1;
    if (failures < IN_A_ROW) continue;
    until = Math.max(until ?? 0, at + Math.min(2 ** times, LONGEST_HOURS) * HOUR);
    failures = 0;
    times += 1;
  }
  return until;
}
