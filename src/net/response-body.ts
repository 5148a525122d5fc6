import { Readable } from 'node:stream';

/** Chunks (of up to 64 KiB, what one read of a socket gives) that may wait for the consumer before the socket is paused. */
const WAITING_CHUNKS = 8;

/** What the body may do to the exchange it belongs to. */
export type ResponseBodyControl = {
  /** The consumer has room again. */
  onWanted(): void;
  /** The consumer went away before the end. */
  onAbandoned(): void;
};

/** An answer's body: object mode, one object a read of the socket, so that nothing is copied. */
export class ResponseBody extends Readable {
  readonly #control: ResponseBodyControl;
  #whole = false;

  constructor(control: ResponseBodyControl) {
    super({ objectMode: true, highWaterMark: WAITING_CHUNKS });
    this.#control = control;
    // A body may break before, or after, anybody reads it; whoever reads it gets the error from reading.
    this.on('error', () => {});
  }

  /**
   * The answer is whole. The end is told only in the next turn of the event loop, when undici has taken the connection
   * back: a consumer who asks again at once would otherwise open another one.
   */
  finish(): void {
    this.#whole = true;
    queueMicrotask(() => setImmediate(() => this.push(null)));
  }

  override _read(): void {
    this.#control.onWanted();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#whole) this.#control.onAbandoned();
    callback(error);
  }
}
