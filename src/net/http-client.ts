import type { Readable } from 'node:stream';

/** A request as the protocol client makes it. Nothing is added but `host`, `content-length` and what HTTP/1.1 needs. */
export type HttpRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * With an iterable, `content-length` among the headers says its size; without it the body is sent chunked. The
   * iterator is returned when the request ends before it does.
   */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** `blob` requests use connections of their own, so that a large body never delays a question. Default `api`. */
  readonly purpose?: 'api' | 'blob';
  /** How long the headers of the answer may take once the request is written; default 60 s. */
  readonly headersTimeoutMs?: number;
  /**
   * The URL was named by a server's answer (a redirect, a token realm) and not by configuration: connect only to
   * addresses that the client's `allowAddress` lets pass, else `address_forbidden`. Default `false`.
   */
  readonly ledByRemote?: boolean;
};

export type HttpResponse = {
  readonly status: number;
  /** Lower-case names; several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Raw bytes, never decoded, as a stream of `Buffer` objects (object mode, so that chunks are not copied together).
   * Must be read to its end, or ended with `discard()`. Breaks with a `Failure` where the answer breaks off.
   */
  readonly body: Readable;
  /** The whole body up to `limitBytes`, else `remote_unexpected`. */
  bytes(limitBytes: number): Promise<Uint8Array>;
  /** Gives the connection back: reads a short rest, cuts a long one. */
  discard(): Promise<void>;
  /** The URL that answered. */
  readonly url: string;
  /** Did the newest connection to the host that answered turn out to be a long one? */
  readonly isLongPath: boolean;
};

/**
 * HTTP/1.1 towards one endpoint and wherever it redirects. Redirects are never followed here. Failures are
 * `connect_failed`, `connection_lost`, `stalled`, `timed_out`, `tls_failed`, `address_forbidden`, `cancelled`, or
 * `remote_unexpected` for an answer that is not HTTP, never an HTTP status. A failure of the body's iterable comes
 * out as it is.
 */
export type HttpClient = {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
};
