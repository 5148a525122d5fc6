import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';
import { openHttpResponse } from './http-response.ts';
import { toExchangeFailure } from './net-failure.ts';
import type { Pace } from './pace.ts';
import { ResponseBody } from './response-body.ts';
import type { StallLimit } from './stall-limit.ts';
import { UploadBody } from './upload-body.ts';
import { Watchdog } from './watchdog.ts';

/** Larger bodies in memory are sent slice by slice too, so that their progress is seen. */
const WRITTEN_AT_ONCE_BYTES = 64 * 1024;

/** Shorter waits are not kept; they are made up for by a later one. */
const WORTH_WAITING_MS = 2;

/**
 * So many bytes of an answer count as movement: with a stall limit of 30 s, what brings less than half a kilobyte a
 * second is given up as if it were silent.
 */
const MOVING_BYTES = 16 * 1024;

export type ExchangeLimits = {
  readonly stall: StallLimit;
  readonly headersTimeoutMs: number;
  /** Caps the bytes of bodies. */
  readonly pace?: Pace;
};

/**
 * One request and its answer, as undici tells it. It is watched through its phases: while the request is written the
 * socket must take bytes, then headers must come, then the body must move. Waiting of our own (for the body's source,
 * for the consumer of the answer) is never held against the other side.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpResponse>;
  readonly body: UploadBody | Buffer | null;
  readonly #request: HttpRequest;
  readonly #limits: ExchangeLimits;
  readonly #isLongPath: () => boolean;
  readonly #watchdog: Watchdog;
  readonly #settle: PromiseWithResolvers<HttpResponse>;
  #controller: Dispatcher.DispatchController | undefined;
  #answer: ResponseBody | undefined;
  #failure: Failure | undefined;
  #ended = false;
  readonly #over: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  #isPaced = false;
  #sinceKick = 0;

  constructor(request: HttpRequest, limits: ExchangeLimits, clock: Clock, isLongPath: () => boolean) {
    this.#request = request;
    this.#limits = limits;
    this.#clock = clock;
    this.#isLongPath = isLongPath;
    this.#watchdog = new Watchdog(clock, (pauseMs) => {
      if (this.#isBlob) limits.stall.waited(pauseMs);
    });
    this.#settle = Promise.withResolvers();
    this.response = this.#settle.promise;
    this.body = this.#openBody(request.body);
    request.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (request.signal?.aborted === true) this.#onAbort();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Is it the far side that everything waits for? */
  get isHeldUp(): boolean {
    return !this.#ended && this.#answer === undefined && !this.#watchdog.isHeld;
  }

  /** Gives the connection up, because others to the same place move far more. */
  replace(): void {
    this.#fail(
      new Failure('stalled', `${this.#attempt()}: the connection moved far less than others to the same registry`, {
        extensions: { farBelow: true },
      }),
    );
  }

  /** Called once the exchange has ended and undici has heard of it. */
  onOver(act: () => void): void {
    if (this.#ended) queueMicrotask(act);
    else this.#over.push(act);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) {
      controller.abort(this.#failure ?? new Error('the request ended before it began'));
      return;
    }
    if (!(this.body instanceof UploadBody)) return;
    this.#watchStall('the connection took no bytes');
    // Until the socket refuses bytes it is we who have nothing to send.
    this.#watchdog.hold();
  }

  onRequestSent(): void {
    if (this.#ended || this.#answer !== undefined) return;
    const limitMs = this.#limits.headersTimeoutMs;
    this.#watchdog.watch(limitMs, () =>
      this.#fail(new Failure('timed_out', `${this.#attempt()}: no answer within ${limitMs} ms`)),
    );
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    const answer = new ResponseBody({
      onWanted: () => {
        if (this.#isPaced) return;
        this.#watchdog.release();
        if (controller.paused) controller.resume();
      },
      onAbandoned: () => this.#fail(new Failure('cancelled', `${this.#attempt()}: the answer was not wanted any more`)),
    });
    this.#answer = answer;
    this.#watchStall('the answer stopped moving');
    const { url } = this.#request;
    const isLongPath = this.#isLongPath();
    this.#settle.resolve(
      openHttpResponse({ status, headers, body: answer, url, isLongPath, attempt: this.#attempt() }),
    );
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // A parser that is resumed may report nothing at all; as an object of the stream that would be a chunk.
    if (chunk.byteLength === 0) return;
    this.#sinceKick += chunk.byteLength;
    if (this.#sinceKick >= MOVING_BYTES) {
      this.#sinceKick = 0;
      this.#watchdog.kick();
    }
    const isFull = this.#answer?.push(chunk) === false;
    const waitMs = this.#limits.pace?.waitMsFor(chunk.byteLength) ?? 0;
    if (!isFull && waitMs < WORTH_WAITING_MS) return;
    controller.pause();
    this.#watchdog.hold();
    if (waitMs >= WORTH_WAITING_MS) this.#resumeLater(controller, waitMs);
  }

  /** Lets the answer flow again when the cap allows it and the consumer has room. */
  #resumeLater(controller: Dispatcher.DispatchController, waitMs: number): void {
    this.#isPaced = true;
    this.#clock.sleep(waitMs, this.#ending.signal).then(
      () => {
        this.#isPaced = false;
        const answer = this.#answer;
        if (answer === undefined || answer.readableLength >= answer.readableHighWaterMark) return;
        this.#watchdog.release();
        if (controller.paused) controller.resume();
      },
      () => {},
    );
  }

  onResponseEnd(): void {
    this.#end();
    this.#answer?.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const fromBody = this.body instanceof UploadBody && error === this.body.errored;
    this.failWith(
      this.#failure ?? (fromBody && error instanceof Failure ? error : toExchangeFailure(error, this.#attempt())),
    );
  }

  /** Ends the exchange with this failure, wherever it stands; nothing when it has ended. */
  failWith(failure: Failure): void {
    if (this.#ended) return;
    this.#failure = failure;
    this.#end();
    if (this.#answer === undefined) this.#settle.reject(failure);
    else this.#answer.destroy(failure);
  }

  get #isBlob(): boolean {
    return this.#request.purpose === 'blob';
  }

  #watchStall(what: string): void {
    const { stall } = this.#limits;
    const limitMs = stall.ms;
    this.#watchdog.watch(limitMs, () => {
      stall.waited(limitMs);
      this.#fail(new Failure('stalled', `${this.#attempt()}: ${what} for ${limitMs} ms`));
    });
  }

  readonly #onAbort = (): void => {
    this.#fail(new Failure('cancelled', `${this.#attempt()} was cancelled`, { cause: this.#request.signal?.reason }));
  };

  #fail(failure: Failure): void {
    if (this.#ended) return;
    this.failWith(failure);
    this.#controller?.abort(failure);
  }

  #end(): void {
    this.#ended = true;
    this.#watchdog.stop();
    this.#ending.abort();
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    // A server that has answered wants no more of the body.
    if (this.body instanceof UploadBody) this.body.destroy();
    for (const act of this.#over) queueMicrotask(act);
  }

  #openBody(body: HttpRequest['body']): UploadBody | Buffer | null {
    if (body === undefined) return null;
    if (!(body instanceof Uint8Array)) return new UploadBody(body, this.#onBlocked, this.#hold);
    if (body.byteLength > WRITTEN_AT_ONCE_BYTES) return new UploadBody([body], this.#onBlocked, this.#hold);
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }

  readonly #hold = (bytes: number, signal: AbortSignal): Promise<void> | undefined => {
    const waitMs = this.#limits.pace?.waitMsFor(bytes) ?? 0;
    return waitMs < WORTH_WAITING_MS ? undefined : this.#clock.sleep(waitMs, signal).catch(() => {});
  };

  readonly #onBlocked = (blocked: boolean): void => {
    if (this.#answer !== undefined) return;
    if (blocked) this.#watchdog.release();
    else this.#watchdog.hold();
  };

  #attempt(): string {
    return `${this.#request.method} ${redactUrl(this.#request.url)}`;
  }
}
