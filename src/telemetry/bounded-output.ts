import { fstatSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Lines that wait for whoever reads them, at most; a few thousand. */
const LIMIT_CHARACTERS = 4 * 2 ** 20;
const BATCH_LINES = 256;
/** A pipe holds 64 KiB: looked at so often, 2.5 MB/s pass. */
const FULL_RETRY_MS = 25;
const BROKEN_RETRY_MS = 1_000;

export type BoundedOutputOptions = {
  readonly fd?: number;
  readonly limitCharacters?: number;
  /** The line that tells, once it flows again, how many were dropped. */
  readonly droppedLine: (count: number) => string;
};

/**
 * Lines to a file descriptor that never make anybody wait: what is not taken at once waits in memory, up to a bound,
 * and beyond it lines are dropped and counted. Neither a reader that stopped, nor one that is gone, nor a full disk
 * is an error here; each is tried again.
 */
export class BoundedOutput {
  readonly #fd: number;
  readonly #limit: number;
  readonly #droppedLine: (count: number) => string;
  readonly #isPipe: boolean;
  /** Only there to have made the pipe non-blocking (libuv does so), and never closed: its number must stay taken. */
  readonly #holder: Socket | undefined;
  #lines: string[] = [];
  #characters = 0;
  #rest: Buffer | undefined;
  #untold = 0;
  #dropped = 0;
  #isBusy = false;

  constructor(options: BoundedOutputOptions) {
    this.#fd = options.fd ?? 1;
    this.#limit = options.limitCharacters ?? LIMIT_CHARACTERS;
    this.#droppedLine = options.droppedLine;
    const stats = fstatSync(this.#fd);
    this.#isPipe = stats.isFIFO() || stats.isSocket();
    if (this.#isPipe) this.#holder = new Socket({ fd: this.#fd, readable: false, writable: true }).unref();
    this.#holder?.on('error', () => {});
    process.on('exit', this.#lastWords);
  }

  /** Lines dropped since the start. */
  get droppedLines(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#characters + line.length > this.#limit) {
      this.#dropped += 1;
      this.#untold += 1;
      return;
    }
    this.#lines.push(line);
    this.#characters += line.length;
    this.#begin();
  }

  #begin(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const batch = this.#nextBatch();
    if (batch === undefined) {
      this.#isBusy = false;
      return;
    }
    if (this.#isPipe) {
      try {
        this.#taken(batch, writeSync(this.#fd, batch));
      } catch (error) {
        this.#refused(batch, error);
      }
      return;
    }
    // A disk may be slow: its writes wait in the thread pool.
    write(this.#fd, batch, (error, written) =>
      error === null ? this.#taken(batch, written) : this.#refused(batch, error),
    );
  };

  #nextBatch(): Buffer | undefined {
    if (this.#rest !== undefined) return this.#rest;
    if (this.#lines.length === 0 && this.#untold > 0) {
      const line = this.#droppedLine(this.#untold);
      this.#untold = 0;
      return Buffer.from(line);
    }
    const lines = this.#lines.splice(0, BATCH_LINES);
    if (lines.length === 0) return undefined;
    const text = lines.join('');
    this.#characters -= text.length;
    return Buffer.from(text);
  }

  #taken(batch: Buffer, written: number): void {
    this.#rest = written < batch.byteLength ? batch.subarray(written) : undefined;
    setImmediate(this.#turn);
  }

  #refused(batch: Buffer, error: unknown): void {
    this.#rest = batch;
    const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
    setTimeout(this.#turn, isFull ? FULL_RETRY_MS : BROKEN_RETRY_MS).unref();
  }

  /** What waits when the process ends is offered once more. */
  readonly #lastWords = (): void => {
    try {
      for (let batch = this.#nextBatch(); batch !== undefined; batch = this.#nextBatch()) {
        const written = writeSync(this.#fd, batch);
        this.#rest = written < batch.byteLength ? batch.subarray(written) : undefined;
      }
    } catch {
      // Nobody takes it, and nobody is left to be told.
    }
  };
}
