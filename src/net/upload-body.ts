import { Readable } from 'node:stream';

/**
 * Bytes given to the socket at a time. A socket asks for more only when it has taken all of a write, so this is also
 * the grain in which progress is seen: with a stall limit of 30 s, anything above 2 kB/s counts as moving.
 */
const SLICE_BYTES = 64 * 1024;

/** Waits before so many bytes may go out; undefined when they may at once. */
export type Hold = (bytes: number, signal: AbortSignal) => Promise<void> | undefined;

/**
 * A request body as the stream that undici writes from: pulls the iterable only as fast as the socket takes bytes,
 * tells when the socket holds it up, and returns the iterator when it is no longer wanted.
 */
export class UploadBody extends Readable {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #onBlocked: (blocked: boolean) => void;
  #chunk: Uint8Array | undefined;
  #chunkOffset = 0;
  readonly #hold: Hold;
  readonly #over = new AbortController();
  #pulling = false;
  #done = false;

  constructor(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    onBlocked: (blocked: boolean) => void,
    hold: Hold = () => undefined,
  ) {
    // Object mode keeps slices apart: a byte stream would copy what has queued up into one buffer.
    super({ objectMode: true, highWaterMark: 1 });
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#onBlocked = onBlocked;
    this.#hold = hold;
    // The request's own failure is reported by the exchange; without a listener Node would end the process.
    this.on('error', () => {});
  }

  override pause(): this {
    this.#onBlocked(true);
    return super.pause();
  }

  override resume(): this {
    this.#onBlocked(false);
    return super.resume();
  }

  override _read(): void {
    if (!this.#pulling) void this.#pull();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#chunk = undefined;
    this.#over.abort();
    if (!this.#done) {
      this.#done = true;
      // Not waited for: a generator that hangs in its current step returns when that step ends.
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    }
    callback(error);
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      while (!this.destroyed) {
        if (this.#chunk === undefined) {
          const next = await this.#iterator.next();
          if (this.destroyed) return;
          if (next.done === true) {
            this.#done = true;
            this.push(null);
            return;
          }
          this.#chunk = next.value;
          this.#chunkOffset = 0;
        }
        const waiting = this.#hold(
          Math.min(SLICE_BYTES, this.#chunk.byteLength - this.#chunkOffset),
          this.#over.signal,
        );
        if (waiting !== undefined) await waiting;
        if (this.destroyed) return;
        if (!this.#pushSlice(this.#chunk)) return;
      }
    } catch (error) {
      this.#done = true;
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#pulling = false;
    }
  }

  #pushSlice(chunk: Uint8Array): boolean {
    const from = this.#chunkOffset;
    const to = Math.min(from + SLICE_BYTES, chunk.byteLength);
    this.#chunkOffset = to;
    if (to === chunk.byteLength) this.#chunk = undefined;
    if (from === to) return true;
    return this.push(from === 0 && to === chunk.byteLength ? chunk : chunk.subarray(from, to));
  }
}
