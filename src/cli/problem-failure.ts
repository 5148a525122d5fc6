import { Failure } from '../kernel/failure.ts';
import { FAILURE_CODES, type FailureCode } from '../kernel/failure-codes.ts';
import { problemSchema } from './api-schema.ts';
import { readBoundedText } from './bounded-body.ts';
import type { Texts } from './texts/texts.ts';

const LARGEST_PROBLEM_BYTES = 2 ** 20;

/**
 * An answer that is no success, as a failure. A problem document (RFC 9457) keeps its code and is carried whole in
 * `details.extensions.problem`; anything else, a proxy's page for instance, is `remote_unexpected`.
 */
export async function problemFailure(response: Response, attempt: string, texts: Texts): Promise<Failure> {
  const { status } = response;
  const body = await readBoundedText(response, LARGEST_PROBLEM_BYTES).catch(() => '');
  const retryAfterMs = findRetryAfterMs(response.headers.get('retry-after'));
  const problem = problemSchema.safeParse(parseJson(body));
  if (!problem.success || typeof problem.data.code !== 'string') {
    const type = response.headers.get('content-type') ?? texts.errors.noContentType;
    return new Failure('remote_unexpected', texts.errors.noProblem(attempt, status, type), { status, retryAfterMs });
  }
  const { code, title, detail, errors } = problem.data;
  return new Failure(
    isFailureCode(code) ? code : 'remote_refused',
    detail || title || texts.errors.noDetail(attempt, status),
    {
      status,
      retryAfterMs,
      errors: errors ?? undefined,
      extensions: { problem: problem.data },
    },
  );
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FAILURE_CODES, code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// RFC 9110 section 10.2.3: seconds, or a date, which this service never sends and a proxy hardly ever does.
function findRetryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined;
}
