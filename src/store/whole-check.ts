import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DATABASE_FILE } from './database-file.ts';
import { toStoreFailure } from './sqlite-failure.ts';
import { damaged, existsSqliteFile, sqliteFileSize } from './sqlite-file.ts';

/** Read in some tens of milliseconds, about what a thread costs to start. */
const CHECKED_AT_ONCE_BYTES = 16 * 2 ** 20;

/**
 * Begins to read a large database of a data folder through; undefined where there is none, or one so small that it is
 * read when it is opened. Whoever does not wait for it is not ended by what it finds.
 */
export function beginWholeCheck(folder: string, checkedAtOnceBytes = CHECKED_AT_ONCE_BYTES): Promise<void> | undefined {
  const file = join(folder, DATABASE_FILE);
  if (!existsSqliteFile(file) || sqliteFileSize(file) <= checkedAtOnceBytes) return undefined;
  const whole = checkWhole(file);
  whole.catch(() => {});
  return whole;
}

/**
 * Reads all of a database on a thread of its own, where it costs the start no time while there is a core to spare.
 * Rejects with `data_unusable` when it is damaged.
 */
async function checkWhole(file: string): Promise<void> {
  const worker = new Worker(new URL('./whole-check-worker.ts', import.meta.url), { workerData: file });
  try {
    const [found] = await once(worker, 'message');
    if (found !== 'ok') throw damaged(file, String(found));
  } catch (error) {
    throw toStoreFailure(error, `reading the database ${file}`);
  } finally {
    await worker.terminate();
  }
}
