import { setTimeout as sleep } from 'node:timers/promises';
import type { Wan } from '../../../test/support/wan/open-wan.ts';
import { CUT_SECONDS, type WanRow } from './wan-rows.ts';

/**
 * Waits until half of the payload has crossed the link (as the link itself counts, whoever sends), then cuts the link
 * for a while or calls `kill`, as the row says. Ends early when `signal` does; the link is whole afterwards.
 */
export async function strike(row: WanRow, wan: Wan, kill: () => Promise<void>, signal: AbortSignal): Promise<void> {
  if (row.mishap === undefined) return;
  const delivered = async () => (await wan.traffic(row.link))[row.way].delivered.bytes;
  try {
    const half = (await delivered()) + row.payload.bytes / 2;
    while ((await delivered()) < half) await sleep(50, undefined, { signal });
    if (row.mishap === 'kill') return await kill();
    await wan.cut(row.link);
    try {
      await sleep(CUT_SECONDS * 1_000, undefined, { signal });
    } finally {
      await wan.mend(row.link);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
