import { Worker } from 'node:worker_threads';
import { Failure } from '../kernel/failure.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import type { StreamHash } from '../oci/stream-hash.ts';
import type { HashAnswer, HashRequest } from './hash-request.ts';

/** Bytes that are hashed at a time, and how many such portions may wait: enough to keep both threads busy. */
const SLOT_BYTES = 256 * 1024;
const SLOTS = 6;

/** The thread and its memory are given back when nothing was hashed for so long. */
const IDLE_MS = 60_000;

/** It keeps nothing but the hashers' few bytes. */
const MEMORY = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

/**
 * Hashes in a thread of its own. On a processor without instructions for SHA-256 hashing is the dearest thing that is
 * done with a byte; here it happens beside the moving of bytes and not between. Pieces are copied into memory that both
 * threads see, so nothing is left behind for the collector.
 */
export class HashThread {
  readonly #slots = Array.from({ length: SLOTS }, () => new SharedArrayBuffer(SLOT_BYTES));
  readonly #free = this.#slots.map((_, slot) => slot);
  readonly #streams = new Map<number, ThreadStream>();
  #waiting: (() => void)[] = [];
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #opened = 0;

  open(algorithm: DigestAlgorithm): StreamHash {
    clearTimeout(this.#idle);
    this.#opened += 1;
    const stream = new ThreadStream(this, this.#opened, algorithm);
    this.#streams.set(this.#opened, stream);
    return stream;
  }

  /** Ends the thread; streams that are open fail. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#lose(worker, new Failure('cancelled', 'hashing was ended', { side: 'here' }));
    await worker.terminate();
  }

  /** A slot to fill, or a promise that tells when to ask again. */
  takeSlot(): { index: number; bytes: Uint8Array } | Promise<void> {
    const index = this.#free.pop();
    const slot = index === undefined ? undefined : this.#slots[index];
    if (index === undefined || slot === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    return { index, bytes: new Uint8Array(slot) };
  }

  send(request: HashRequest): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  forget(stream: number): void {
    if (!this.#streams.delete(stream)) return;
    if (this.#worker !== undefined) this.send({ kind: 'drop', stream });
    if (this.#streams.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), IDLE_MS);
    this.#idle.unref();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url), {
      workerData: { slots: this.#slots },
      resourceLimits: MEMORY,
    });
    // Whoever waits for a digest is kept alive by what the bytes come from.
    worker.unref();
    worker.on('message', (answer: HashAnswer) => {
      if (this.#worker === worker) this.#take(answer);
    });
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', () => this.#lose(worker, new Failure('internal', 'the thread that hashes has ended')));
    return worker;
  }

  #take(answer: HashAnswer): void {
    if (answer.kind === 'digest') this.#streams.get(answer.stream)?.settle(answer.digest);
    else {
      this.#free.push(answer.slot);
      this.#waiting.shift()?.();
    }
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#free.splice(0, this.#free.length, ...this.#slots.keys());
    for (const stream of this.#streams.values()) stream.fail(error);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

class ThreadStream implements StreamHash {
  readonly #thread: HashThread;
  readonly #stream: number;
  readonly #algorithm: DigestAlgorithm;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #failure: { readonly error: unknown } | undefined;
  readonly #digest = Promise.withResolvers<Digest>();

  constructor(thread: HashThread, stream: number, algorithm: DigestAlgorithm) {
    this.#thread = thread;
    this.#stream = stream;
    this.#algorithm = algorithm;
    this.#digest.promise.catch(() => {});
  }

  update(piece: Uint8Array): Promise<void> | undefined {
    this.#requireThread();
    this.#pending.push(piece);
    this.#pendingBytes += piece.byteLength;
    return this.#handOver(SLOT_BYTES);
  }

  async finish(): Promise<Digest> {
    await this.#handOver(1);
    this.#requireThread();
    this.#thread.send({ kind: 'finish', stream: this.#stream, algorithm: this.#algorithm });
    return await this.#digest.promise;
  }

  drop(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#thread.forget(this.#stream);
  }

  settle(digest: Digest): void {
    this.#digest.resolve(digest);
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#digest.reject(error);
  }

  /** Gives portions away until fewer than `leastBytes` wait; the promise, where there is one, tells when that is so. */
  #handOver(leastBytes: number): Promise<void> | undefined {
    while (this.#pendingBytes >= leastBytes) {
      const slot = this.#thread.takeSlot();
      if (slot instanceof Promise)
        return slot.then(() => {
          this.#requireThread();
          return this.#handOver(leastBytes);
        });
      this.#fill(slot);
    }
    return undefined;
  }

  #requireThread(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #fill(slot: { index: number; bytes: Uint8Array }): void {
    let filled = 0;
    let whole = 0;
    for (const piece of this.#pending) {
      const part = piece.subarray(0, SLOT_BYTES - filled);
      slot.bytes.set(part, filled);
      filled += part.byteLength;
      if (part.byteLength < piece.byteLength) {
        this.#pending[whole] = piece.subarray(part.byteLength);
        break;
      }
      whole += 1;
    }
    this.#pending.splice(0, whole);
    this.#pendingBytes -= filled;
    this.#thread.send({
      kind: 'update',
      stream: this.#stream,
      algorithm: this.#algorithm,
      slot: slot.index,
      bytes: filled,
    });
  }
}
