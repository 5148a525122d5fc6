import pRetry from 'p-retry';
import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { Secret } from '../kernel/secret.ts';
import { readBoundedText } from './bounded-body.ts';
import type { CliTimings } from './cli-io.ts';
import { connectionFailure } from './connection-failure.ts';
import { problemFailure } from './problem-failure.ts';
import type { Texts } from './texts/texts.ts';

export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the service's URL, its parts percent-encoded. */
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: AsyncIterable<Uint8Array>;
  /** May it be sent again when nobody knows whether the first one arrived? Default: for GET. */
  readonly repeatable?: boolean;
  /** How long the service was asked to hold its answer back, on top of what any answer may take. */
  readonly waitMs?: number;
  /** No limit to how long the answer takes: a body of gigabytes goes first. */
  readonly patient?: boolean;
  readonly signal?: AbortSignal;
};

/**
 * The HTTP API as seen from outside. Whatever is not a success throws: `connect_failed`, `connection_lost`,
 * `tls_failed`, `timed_out`, `remote_unexpected` for what is no answer of this API, or what the problem document
 * (RFC 9457) says, which then is in `details.extensions.problem`. An abort throws the signal's reason.
 */
export type ApiClient = {
  readonly url: string;
  /** The answer's JSON; undefined for an empty body. */
  request(request: ApiRequest): Promise<unknown>;
  /** The answer with its body still to be read, which lasts as long as it lasts. Never retried. */
  open(request: ApiRequest): Promise<Response>;
};

export type ApiClientOptions = {
  /** http(s), without a trailing slash. */
  readonly url: string;
  readonly token: Secret | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly timings: CliTimings;
  readonly version: string;
  readonly texts: Texts;
  /** Told before a request is sent again. */
  readonly onRetry: (notice: string) => void;
};

const RETRIES = 3;
// A service that asks for more patience than this is better told to the person who waits.
const LONGEST_RETRY_AFTER_MS = 10_000;
// The largest answers are pages of 500 items; far more than any of them needs.
const LARGEST_ANSWER_BYTES = 64 * 2 ** 20;

export function openApiClient(options: ApiClientOptions): ApiClient {
  const { url, timings, texts } = options;

  async function send(request: ApiRequest, signal: AbortSignal): Promise<Response> {
    const attempt = `${request.method} ${redactUrl(`${url}${request.path}`)}`;
    let response: Response;
    try {
      response = await options.fetch(requestUrl(url, request), {
        method: request.method,
        headers: requestHeaders(request, options),
        body: request.body ?? (request.json === undefined ? undefined : JSON.stringify(request.json)),
        ...(request.body === undefined ? {} : { duplex: 'half' }),
        signal,
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : connectionFailure(error, attempt, texts);
    }
    if (response.ok) return response;
    throw await problemFailure(response, attempt, texts);
  }

  async function requestOnce(request: ApiRequest): Promise<unknown> {
    using limit = answerLimit(request, timings.answerMs, texts);
    const response = await send(request, limit.signal);
    const attempt = `${request.method} ${redactUrl(response.url || url)}`;
    let body: string;
    try {
      body = await readBoundedText(response, LARGEST_ANSWER_BYTES);
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : connectionFailure(error, attempt, texts);
    }
    if (body === '') return undefined;
    try {
      return JSON.parse(body);
    } catch (cause) {
      const type = response.headers.get('content-type') ?? texts.errors.noContentType;
      throw new Failure('remote_unexpected', texts.errors.notJson(attempt, response.status, type), { cause });
    }
  }

  return {
    url,
    async request(request) {
      if (!(request.repeatable ?? request.method === 'GET')) return requestOnce(request);
      return pRetry(() => requestOnce(request), {
        retries: RETRIES,
        minTimeout: timings.retryDelayMs,
        factor: 2,
        randomize: true,
        signal: request.signal,
        shouldRetry: ({ error }) => retryDelayMs(error) !== undefined,
        async onFailedAttempt({ error, attemptNumber, retriesLeft, retryDelay }) {
          const delayMs = retryDelayMs(error);
          if (delayMs === undefined || retriesLeft === 0) return;
          options.onRetry(texts.errors.tryingAgain(error.message, attemptNumber + 1, RETRIES + 1));
          if (delayMs > retryDelay) await new Promise((resolve) => setTimeout(resolve, delayMs - retryDelay));
        },
      });
    },
    async open(request) {
      using limit = answerLimit(request, timings.answerMs, texts);
      // Awaited here: the limit counts until the answer begins.
      return await send(request, limit.signal);
    },
  };
}

/** How long to wait at least before the same request may go better; undefined when it will not. */
function retryDelayMs(error: Error): number | undefined {
  if (!(error instanceof Failure)) return undefined;
  if (error.code === 'connection_lost') return 0;
  const { status, retryAfterMs = 0 } = error.details;
  const isPassing = status === 429 || status === 503 || (status === 502 && error.code === 'remote_unexpected');
  return isPassing && retryAfterMs <= LONGEST_RETRY_AFTER_MS ? retryAfterMs : undefined;
}

/** A signal that aborts when the caller's does, or when the answer does not come in time while this is not disposed. */
function answerLimit(request: ApiRequest, answerMs: number, texts: Texts): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const limitMs = answerMs + (request.waitMs ?? 0);
  const expire = () =>
    controller.abort(new Failure('timed_out', texts.errors.noAnswer(`${request.method} ${request.path}`, limitMs)));
  const timer = request.patient ? undefined : setTimeout(expire, limitMs);
  const signal =
    request.signal === undefined ? controller.signal : AbortSignal.any([request.signal, controller.signal]);
  return { signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

function requestUrl(base: string, request: ApiRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of request.query ?? []) query.append(name, value);
  return `${base}${request.path}${query.size === 0 ? '' : `?${query}`}`;
}

function requestHeaders(request: ApiRequest, options: ApiClientOptions): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': `entrepot/${options.version}`,
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token.reveal()}` }),
    ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
}
