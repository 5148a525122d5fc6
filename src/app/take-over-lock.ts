import type { Clock } from '../kernel/clock.ts';
import { isFailure } from '../kernel/failure.ts';
import { type DataLock, openDataLock } from '../store/data-lock.ts';
import type { Log } from '../telemetry/log.ts';

/** Soon enough that nobody notices, seldom enough that it costs nothing. */
const TRY_EVERY_MS = 100;

/**
 * Takes the data folder's lock, waiting up to `waitMs` for the process that has it: an upgrade is a hand-over, the new
 * process is started first and begins where the old one has drained. Undefined when `stop` resolved meanwhile. Throws
 * `data_in_use`, naming the holder, when the time is over.
 */
export async function takeOverLock(
  folder: string,
  { waitMs, stop, clock, log }: { waitMs: number; stop: Promise<unknown>; clock: Clock; log: Log },
): Promise<DataLock | undefined> {
  const until = clock.elapsedMs() + waitMs;
  let isStopped = false;
  void stop.then(() => {
    isStopped = true;
  });
  for (let attempt = 1; !isStopped; attempt += 1) {
    try {
      return openDataLock(folder);
    } catch (error) {
      if (!isFailure(error, 'data_in_use') || clock.elapsedMs() >= until) throw error;
      if (attempt === 1) log.info({ event: 'waiting for the data folder', detail: error.message, waitMs });
      await clock.sleep(TRY_EVERY_MS);
    }
  }
  return undefined;
}
