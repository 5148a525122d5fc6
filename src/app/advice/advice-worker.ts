import { parentPort, workerData } from 'node:worker_threads';
import { toFailure } from '../../kernel/failure.ts';
import { openMeasurementReader } from '../../store/measurement-reader.ts';
import { type AdviceTask, performAdviceTask } from './advice-task.ts';
import type { WorkerAnswer } from './advice-thread.ts';

/* The thread that reckons: it is given tasks, one after the other, and answers each by its number. */

const { folder } = workerData as { readonly folder: string };

parentPort?.on('message', ({ id, task }: { readonly id: number; readonly task: AdviceTask }) => {
  const reader = openMeasurementReader(folder);
  try {
    answer({ id, answer: performAdviceTask(reader, task) });
  } catch (error) {
    const {
      code,
      message,
      details: { errors },
    } = toFailure(error);
    answer({ id, failure: { code, message, ...(errors === undefined ? {} : { errors }) } });
  } finally {
    reader.close();
  }
});

function answer(message: WorkerAnswer): void {
  parentPort?.postMessage(message);
}
