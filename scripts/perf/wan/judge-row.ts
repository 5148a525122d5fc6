import type { ServiceRun } from './run-service.ts';
import type { WanRow } from './wan-rows.ts';

/** Chunks on a long path, and how many blobs cross one at the same time, as the service is configured by default. */
const CHUNK_BYTES = 16 * 1024 * 1024;
const BLOBS_IN_FLIGHT = 3;

/** What a row misses of all that is asked of it, in words; empty when it reaches everything. */
export function judgeRow(
  row: Pick<WanRow, 'payload' | 'targets' | 'maxConnections' | 'maxRetransmitted'>,
  run: ServiceRun,
  goalSeconds: number | null,
): string[] {
  const missed: string[] = [];
  if (goalSeconds !== null && run.seconds > goalSeconds) missed.push('seconds');
  const { maxConnections, maxRetransmitted } = row;
  if (maxConnections !== undefined && run.connections > maxConnections)
    missed.push(`connections (at most ${maxConnections})`);
  if (maxRetransmitted !== undefined && run.retransmitted > maxRetransmitted)
    missed.push(`retransmitted (at most ${maxRetransmitted * 100} %)`);
  // A blob whose session the registry has dropped begins anew, and the push says so.
  const spareBytes = CHUNK_BYTES * Math.min(BLOBS_IN_FLIGHT, row.payload.layers + 1) * row.targets.length;
  if (run.blobsRestarted === 0 && run.bytesSent > run.bytesToSend + spareBytes)
    missed.push(`bytes (at most ${Math.round(spareBytes / 1e6)} MB again)`);
  return missed;
}
