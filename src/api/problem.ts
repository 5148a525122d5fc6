import { toFailure } from '../kernel/failure.ts';
import { FAILURE_CODES, type FailureCode } from '../kernel/failure-codes.ts';
import { problemCode } from './problem-code.ts';
import type { ApiContext } from './request-context.ts';
import type { Problem } from './schema/problem-schema.ts';

/** Where a problem is described: an anchor in the page that `/docs` serves (RFC 9457, section 3.1.1: a relative reference). */
export function problemType(code: FailureCode): string {
  return `/docs#${code}`;
}

/**
 * A failure as an RFC 9457 problem document: the one place where failures become HTTP. What is not a `Failure`, or is
 * one of code `internal`, says nothing of its cause but the id under which it was logged.
 */
export function toProblem(error: unknown, request: { instance: string; requestId: string }): Problem {
  const met = toFailure(error);
  const failure = met.code === 'internal' ? undefined : met;
  const code = failure === undefined ? 'internal' : problemCode(failure.code);
  const { title, status } = FAILURE_CODES[code];
  return {
    ...failure?.details.extensions,
    type: problemType(code),
    title,
    status,
    detail: failure?.message ?? `The request failed inside entrepot; it was logged under the id ${request.requestId}`,
    code,
    instance: request.instance,
    ...(failure?.details.errors === undefined
      ? {}
      : { errors: failure.details.errors.map((mistake) => ({ ...mistake })) }),
  };
}

export function problemResponse(error: unknown, c: ApiContext): Response {
  const problem = toProblem(error, { instance: new URL(c.req.url).pathname, requestId: c.get('requestId') });
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  const { retryAfterMs } = toFailure(error).details;
  if (retryAfterMs !== undefined && problem.status >= 429)
    headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000));
  // RFC 9110, section 15.5.2: a 401 says how to authenticate.
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer realm="entrepot"';
  return c.newResponse(JSON.stringify(problem), { status: problem.status as 400, headers });
}

/** Is this a failure that somebody here must look at? */
export function isDefect(error: unknown): boolean {
  return problemCode(toFailure(error).code) === 'internal';
}
