import { Failure } from '../kernel/failure.ts';
import type { FailureCode } from '../kernel/failure-codes.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpResponse } from '../net/http-client.ts';
import { readBounded } from '../net/read-bounded.ts';
import { parseRetryAfter } from '../net/retry-after.ts';
import { type ErrorBody, parseErrorBody } from '../oci/distribution-error.ts';

/** More of an error body is not read: nobody writes more that is worth quoting. */
const MAX_ERROR_BYTES = 64 * 1024;

/** An answer that is not what was asked for, with its body read and its connection given back. */
export type Refusal = ErrorBody & {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
};

/** What was asked, for the message: `blob upload`, `PATCH`. */
export type Attempt = { readonly step: string; readonly method: string };

export async function readRefusal(response: HttpResponse): Promise<Refusal> {
  const { status, headers, url } = response;
  try {
    const { bytes } = await readBounded(response.body, MAX_ERROR_BYTES);
    return { status, headers, url, ...parseErrorBody(bytes) };
  } catch {
    // The status is the answer; a body that breaks off takes nothing from it.
    return { status, headers, url, errors: [], text: '' };
  }
}

/** Has the refusal one of these error codes? */
export function hasErrorCode(refusal: Refusal, ...codes: string[]): boolean {
  return refusal.errors.some((error) => codes.includes(error.code));
}

/** A refusal as the failure that its status means, or that the operation knows it to mean. */
export function toAnswerFailure(
  refusal: Refusal,
  attempt: Attempt,
  nowMs: number,
  known: { code?: FailureCode; extensions?: Readonly<Record<string, unknown>> } = {},
): Failure {
  const errorCode = refusal.errors.find((error) => error.code !== '')?.code;
  const said = refusal.text === '' ? '' : `: "${refusal.text}"`;
  const retryAfterMs = parseRetryAfter(refusal.headers['retry-after'], nowMs);
  return new Failure(
    known.code ?? statusCode(refusal.status),
    `${attempt.step}: ${attempt.method} ${redactUrl(refusal.url)} answered ${refusal.status}${errorCode === undefined ? '' : ` ${errorCode}`}${said}`,
    {
      step: attempt.step,
      status: refusal.status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(known.extensions === undefined ? {} : { extensions: known.extensions }),
    },
  );
}

/** An answer whose status is right but whose content cannot be what was asked for. */
export function unexpectedAnswer(
  response: Pick<HttpResponse, 'status' | 'url'>,
  attempt: Attempt,
  what: string,
): Failure {
  return new Failure(
    'remote_unexpected',
    `${attempt.step}: ${attempt.method} ${redactUrl(response.url)} answered ${response.status}, but ${what}`,
    { step: attempt.step, status: response.status },
  );
}

function statusCode(status: number): FailureCode {
  if (status === 401) return 'remote_unauthenticated';
  if (status === 403) return 'remote_denied';
  if (status === 404) return 'remote_not_found';
  if (status === 429) return 'remote_rate_limited';
  // 408 is the server's word for a request that came too slowly: the next one may not.
  if (status >= 500 || status === 408) return 'remote_unavailable';
  return status >= 400 ? 'remote_refused' : 'remote_unexpected';
}
