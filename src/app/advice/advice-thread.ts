import { Worker } from 'node:worker_threads';
import { Failure, type FailureDetails } from '../../kernel/failure.ts';
import type { FailureCode } from '../../kernel/failure-codes.ts';
import type { AdviceAnswer, AdviceTask } from './advice-task.ts';

export type WorkerAnswer =
  | { readonly id: number; readonly answer: AdviceAnswer }
  | {
      readonly id: number;
      readonly failure: Pick<FailureDetails, 'errors'> & { readonly code: FailureCode; readonly message: string };
    };

type Waiter = { readonly resolve: (answer: AdviceAnswer) => void; readonly reject: (error: unknown) => void };

/** What is read is looked at once and forgotten: with little room for the young, memory does not grow with what was read. */
const MEMORY = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 512 };

/** The thread and its memory are given back when nobody has asked for so long. */
const IDLE_MS = 60_000;

/** Reckons in a thread that is started when it is first needed, so that nothing else waits meanwhile. */
export class AdviceThread {
  readonly #folder: string;
  readonly #waiters = new Map<number, Waiter>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #tasks = 0;
  #isClosed = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  perform(task: AdviceTask): Promise<AdviceAnswer> {
    if (this.#isClosed) return Promise.reject(new Failure('not_ready', 'the service is stopping'));
    clearTimeout(this.#idle);
    const worker = this.#getWorker();
    this.#tasks += 1;
    const id = this.#tasks;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      worker.postMessage({ id, task });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end(new Failure('not_ready', 'the service is stopping'));
  }

  #getWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./advice-worker.ts', import.meta.url), {
      workerData: { folder: this.#folder },
      resourceLimits: MEMORY,
    });
    worker.on('message', (message: WorkerAnswer) => this.#settle(message));
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', () => this.#lose(worker, new Failure('internal', 'the thread that reckons has ended')));
    this.#worker = worker;
    return worker;
  }

  #settle(message: WorkerAnswer): void {
    const waiter = this.#waiters.get(message.id);
    this.#waiters.delete(message.id);
    if ('failure' in message) {
      const { code, message: text, ...details } = message.failure;
      waiter?.reject(new Failure(code, text, details));
    } else waiter?.resolve(message.answer);
    if (this.#waiters.size > 0) return;
    this.#idle = setTimeout(() => void this.#end(new Failure('internal', 'the thread was idle')), IDLE_MS);
    this.#idle.unref();
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiters.values()) reject(error);
    this.#waiters.clear();
  }

  async #end(reason: Failure): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#lose(worker, reason);
    await worker.terminate();
  }
}
