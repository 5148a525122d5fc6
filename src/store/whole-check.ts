import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { toStoreFailure } from './sqlite-failure.ts';
import { damaged } from './sqlite-file.ts';

/**
 * Reads all of a database on a thread of its own, where it costs the start no time while there is a core to spare.
 * Rejects with `data_unusable` when it is damaged.
 */
export async function checkWhole(file: string): Promise<void> {
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
