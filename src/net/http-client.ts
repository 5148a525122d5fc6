import type { Readable } from 'node:stream';

/** A request as the protocol client makes it. Nothing is added but `host`, `content-length` and what HTTP/1.1 needs. */
export type HttpRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** With an iterable, `content-length` among the headers says its size; without it the body is sent chunked. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** `blob` requests use connections of their own, so that a large body never delays a question. Default `api`. */
  readonly purpose?: 'api' | 'blob';
  /** How long the headers of the answer may take once the request is written; default 60 s. */
  readonly headersTimeoutMs?: number;
};

export type HttpResponse = {
  readonly status: number;
  /** Lower-case names; several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Raw bytes, never decoded. Must be read to its end, or ended with `discard()`. */
  readonly body: Readable;
  /** The whole body up to `limitBytes`, else `remote_unexpected`. */
  bytes(limitBytes: number): Promise<Uint8Array>;
  /** Gives the connection back: reads a short rest, cuts a long one. */
  discard(): Promise<void>;
  /** The URL that answered. */
  readonly url: string;
};

/**
 * HTTP/1.1 towards one endpoint and wherever it redirects. Redirects are never followed here. Failures are
 * `connect_failed`, `connection_lost`, `stalled`, `timed_out`, `tls_failed`, `address_forbidden` or `cancelled`,
 * never an HTTP status.
 */
export type HttpClient = {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
};
