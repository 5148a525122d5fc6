import type { ServiceRun } from './run-service.ts';
import type { WanRow } from './wan-rows.ts';

/** Chunks on a long path, and how many blobs cross one at the same time, as the service is configured by default. */
const CHUNK_BYTES = 16 * 1024 * 1024;
const BLOBS_IN_FLIGHT = 3;

/** The runs that ended placed, of so many that were begun, and the median of their seconds. */
export type JudgedRuns = {
  readonly seconds: number | null;
  readonly each: readonly ServiceRun[];
  readonly begun: number;
};

/**
 * What a row misses of all that is asked of it, in words; empty when it reaches everything. The seconds are those of the
 * median; what may never be is looked for in every run.
 */
export function judgeRow(
  row: Pick<WanRow, 'payload' | 'targets' | 'farSide' | 'maxConnections' | 'maxRetransmitted'>,
  { seconds, each, begun }: JudgedRuns,
  goalSeconds: number | null,
): string[] {
  const missed: string[] = [];
  if (each.length < begun) missed.push(`${begun - each.length} of ${begun} runs`);
  if (goalSeconds !== null && seconds !== null && seconds > goalSeconds) missed.push('seconds');
  const { maxConnections, maxRetransmitted } = row;
  if (maxConnections !== undefined && each.some(({ connections }) => connections > maxConnections))
    missed.push(`connections (at most ${maxConnections})`);
  if (maxRetransmitted !== undefined && each.some(({ retransmitted }) => retransmitted > maxRetransmitted))
    missed.push(`retransmitted (at most ${maxRetransmitted * 100} %)`);
  // docker-registry 2.8 forgets a session whose chunk was cut. Then that blob begins anew, and the push says so.
  const isForgetful = row.farSide === 'docker-registry';
  if (!isForgetful && each.some(({ blobsRestarted }) => blobsRestarted > 0)) missed.push('blobs begun anew (none)');
  const spareBytes = CHUNK_BYTES * Math.min(BLOBS_IN_FLIGHT, row.payload.layers + 1) * row.targets.length;
  const layerBytes = row.payload.bytes / row.payload.layers;
  const isTooMuch = ({ bytesSent, bytesToSend, blobsRestarted }: ServiceRun) =>
    bytesSent > bytesToSend + spareBytes + blobsRestarted * layerBytes;
  if (each.some(isTooMuch)) missed.push(`bytes (at most ${Math.round(spareBytes / 1e6)} MB again)`);
  return missed;
}
