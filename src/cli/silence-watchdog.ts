import { Failure } from '../kernel/failure.ts';

/**
 * A signal that aborts with the caller's, or with `stalled` once nothing was read for `silenceMs`: a connection through
 * a dead link stays open for hours otherwise. The silence counts from the start, so it covers the way to the answer too.
 */
export class SilenceWatchdog implements Disposable {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(silenceMs: number, message: string, signal: AbortSignal) {
    const controller = new AbortController();
    this.#timer = setTimeout(() => controller.abort(new Failure('stalled', message)), silenceMs);
    this.signal = AbortSignal.any([signal, controller.signal]);
  }

  async *watch(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.#timer.refresh();
      yield chunk;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
