import { Worker } from 'node:worker_threads';
import { Failure } from '../kernel/failure.ts';
import type { BlockCodes } from '../oci/block-codes.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import { InlineHash, type StreamHash } from '../oci/stream-hash.ts';
import type { HashAnswer, HashRequest, HashWorkerData } from './hash-request.ts';

/** Bytes that are hashed at a time, and how many such portions there are: enough to keep both threads busy. */
const SLOT_BYTES = 256 * 1024;
const SLOTS = 6;

/** So much of a file is read for one stream before it is the next one's turn, and so many turns are asked for ahead. */
const TURN_BYTES = 1024 * 1024;
const TURNS_AHEAD = 3;

/** Handing less to a thread takes longer than hashing it at once. */
const WORTH_A_THREAD_BYTES = 1024 * 1024;

/** The thread and its memory are given back when nothing was hashed for so long. */
const IDLE_MS = 60_000;

/** It keeps nothing but the hashers' few bytes. */
const MEMORY = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

export type OnHashed = (digest: Digest, codes: BlockCodes) => void;

/**
 * Hashes in a thread of its own. On a processor without instructions for SHA-256 hashing is the dearest thing that is
 * done with a byte; here it happens beside the moving of bytes and not between. What is in a file the thread reads itself,
 * and what lies in memory that both threads see it takes from there. Other pieces are copied into such memory, so nothing
 * is left behind for the collector, and whoever gave a piece may do with it what they like.
 */
export class HashThread {
  readonly #slots = Array.from({ length: SLOTS }, () => new SharedArrayBuffer(SLOT_BYTES));
  readonly #free = this.#slots.map((_, slot) => slot);
  readonly #streams = new Map<number, ThreadStream>();
  /** Who has a slot that is not full yet, the longest first. */
  readonly #filling = new Set<ThreadStream>();
  readonly #onHashed: OnHashed | undefined;
  #waiting: (() => void)[] = [];
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #opened = 0;

  /** `onHashed` is told what the bytes of each stream were, in the end, and the codes of their blocks; nobody else needs these. */
  constructor(onHashed?: OnHashed) {
    this.#onHashed = onHashed;
  }

  /** A stream that is known to be small is hashed where the caller is. */
  open(algorithm: DigestAlgorithm, sizeBytes = Number.POSITIVE_INFINITY): StreamHash {
    if (sizeBytes < WORTH_A_THREAD_BYTES) return new InlineHash(algorithm);
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

  /**
   * A slot to fill, or a promise that tells when to ask again. Where all are taken, one that is being filled is hashed as
   * it is: nobody waits for another's next piece.
   */
  takeSlot(stream: ThreadStream): Slot | Promise<void> {
    const index = this.#free.pop();
    const slot = index === undefined ? undefined : this.#slots[index];
    if (index !== undefined && slot !== undefined) {
      this.#filling.add(stream);
      return { index, bytes: new Uint8Array(slot), filled: 0 };
    }
    const [longest] = this.#filling;
    longest?.sendSlot();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The slot is not filled any further: it goes to the thread, or, without a request, back. */
  leaveSlot(stream: ThreadStream, slot: Slot, request?: HashRequest): void {
    this.#filling.delete(stream);
    if (request === undefined) this.#putBack(slot.index);
    else this.send(request);
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
      workerData: { slots: this.#slots, isCoding: this.#onHashed !== undefined } satisfies HashWorkerData,
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
    if (answer.kind === 'free') this.#putBack(answer.slot);
    else if (answer.kind === 'taken') this.#streams.get(answer.stream)?.taken();
    else if (answer.kind === 'failed') this.#streams.get(answer.stream)?.fail(answer.error);
    else {
      if (answer.codes !== undefined) this.#onHashed?.(answer.digest, answer.codes);
      this.#streams.get(answer.stream)?.settle(answer.digest);
    }
  }

  #putBack(slot: number): void {
    this.#free.push(slot);
    this.#waiting.shift()?.();
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#free.splice(0, this.#free.length, ...this.#slots.keys());
    this.#filling.clear();
    for (const stream of this.#streams.values()) stream.fail(error);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

type Slot = { readonly index: number; readonly bytes: Uint8Array; filled: number };

class ThreadStream implements StreamHash {
  readonly #thread: HashThread;
  readonly #stream: number;
  readonly #algorithm: DigestAlgorithm;
  #slot: Slot | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isDropped = false;
  readonly #digest = Promise.withResolvers<Digest>();
  /** What the thread was asked to take from where it lies, and has not taken yet. */
  #asked = 0;
  /** Who waits until no more than so many are left. */
  #waiting: { readonly most: number; readonly left: PromiseWithResolvers<void> } | undefined;

  constructor(thread: HashThread, stream: number, algorithm: DigestAlgorithm) {
    this.#thread = thread;
    this.#stream = stream;
    this.#algorithm = algorithm;
    this.#digest.promise.catch(() => {});
  }

  update(piece: Uint8Array): Promise<void> | undefined {
    if (isShared(piece)) return this.#take(piece);
    for (let rest = piece; rest.byteLength > 0; ) {
      this.#requireThread();
      const slot = this.#slot ?? this.#thread.takeSlot(this);
      if (slot instanceof Promise) return slot.then(() => this.update(rest));
      this.#slot = slot;
      const part = rest.subarray(0, SLOT_BYTES - slot.filled);
      Buffer.from(part.buffer, part.byteOffset, part.byteLength).copy(slot.bytes, slot.filled);
      slot.filled += part.byteLength;
      if (slot.filled === SLOT_BYTES) this.sendSlot();
      rest = rest.subarray(part.byteLength);
    }
    return undefined;
  }

  updateFrom(path: string, { start, end }: { start: number; end: number }): Promise<void> | undefined {
    // Who waited for their turn may have been dropped meanwhile.
    if (this.#isDropped) return undefined;
    this.#requireThread();
    this.sendSlot();
    for (let offset = start; offset < end; offset += TURN_BYTES) {
      if (this.#asked > TURNS_AHEAD)
        return this.#waitForLeft(TURNS_AHEAD).then(() => this.updateFrom(path, { start: offset, end }));
      const until = Math.min(end, offset + TURN_BYTES);
      this.#ask({ kind: 'read', stream: this.#stream, algorithm: this.#algorithm, path, start: offset, end: until });
    }
    return undefined;
  }

  async finish(): Promise<Digest> {
    this.#requireThread();
    this.sendSlot();
    this.#thread.send({ kind: 'finish', stream: this.#stream, algorithm: this.#algorithm });
    return await this.#digest.promise;
  }

  drop(): void {
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot !== undefined) this.#thread.leaveSlot(this, slot);
    // Nobody is kept waiting for what does not matter any more.
    this.#isDropped = true;
    this.#waiting?.left.resolve();
    this.#thread.forget(this.#stream);
  }

  /** Has the thread hash what the slot holds so far. */
  sendSlot(): void {
    const slot = this.#slot;
    if (slot === undefined) return;
    this.#slot = undefined;
    this.#thread.leaveSlot(this, slot, {
      kind: 'update',
      stream: this.#stream,
      algorithm: this.#algorithm,
      slot: slot.index,
      bytes: slot.filled,
    });
  }

  taken(): void {
    this.#asked -= 1;
    if (this.#waiting !== undefined && this.#asked <= this.#waiting.most) this.#waiting.left.resolve();
  }

  settle(digest: Digest): void {
    this.#digest.resolve(digest);
  }

  fail(error: unknown): void {
    this.#slot = undefined;
    this.#failure = { error };
    this.#digest.reject(error);
    this.#waiting?.left.reject(error);
  }

  /** What both threads see need not be copied; it must stay as it is until the thread has hashed it. */
  #take(piece: Uint8Array<SharedArrayBuffer>): Promise<void> {
    this.#requireThread();
    this.sendSlot();
    this.#ask({ kind: 'take', stream: this.#stream, algorithm: this.#algorithm, piece });
    return this.#waitForLeft(0);
  }

  #ask(request: HashRequest): void {
    this.#asked += 1;
    this.#thread.send(request);
  }

  #waitForLeft(most: number): Promise<void> {
    const left = Promise.withResolvers<void>();
    this.#waiting = { most, left };
    return left.promise;
  }

  #requireThread(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function isShared(piece: Uint8Array): piece is Uint8Array<SharedArrayBuffer> {
  return piece.buffer instanceof SharedArrayBuffer;
}
