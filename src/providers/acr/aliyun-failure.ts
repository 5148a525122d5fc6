import { Failure } from '../../kernel/failure.ts';
import type { FailureCode } from '../../kernel/failure-codes.ts';
import { excerpt } from '../../oci/distribution-error.ts';

/** Beginnings of Alibaba Cloud's error codes, and Node's. Source: OpenAPI "Common error codes"; goharbor/harbor#21096. */
const CODES: readonly (readonly [RegExp, FailureCode])[] = [
  [/^Throttling/, 'remote_rate_limited'],
  [/^(InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|InvalidSecurityToken)/, 'remote_unauthenticated'],
  [/^(NoPermission|Forbidden|USER_NOT_EXIST)/, 'remote_denied'],
  [/^(ServiceUnavailable|InternalError)/, 'remote_unavailable'],
  [/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)/, 'connect_failed'],
  [/^(ECONNRESET|EPIPE)/, 'connection_lost'],
];

/** What a call of Alibaba Cloud's SDK failed with, as a failure; a `Failure` stays what it is. */
export function toAliyunFailure(error: unknown, attempt: string): Failure {
  if (error instanceof Failure) return error;
  const { name, code, message, data } = Object(error) as Record<string, unknown>;
  const said = [code, name].filter((text) => typeof text === 'string');
  const text = typeof message === 'string' ? message : '';
  const known = CODES.find(([form]) => said.some((each) => form.test(each)));
  const status = Number(Object(data).statusCode ?? Number.NaN);
  return new Failure(known?.[1] ?? codeOf(text, status), `${attempt} failed: ${excerpt(text || said.join(' '))}`, {
    step: 'aliyun',
    cause: error,
    ...(Number.isNaN(status) ? {} : { status }),
  });
}

function codeOf(message: string, status: number): FailureCode {
  // The SDK names neither of these by a code.
  if (/unable to (get|load) credentials/i.test(message)) return 'secret_missing';
  if (/timeout/i.test(message)) return 'timed_out';
  if (/connect|socket/i.test(message)) return 'connect_failed';
  return status >= 400 && status < 500 ? 'remote_refused' : 'remote_unavailable';
}
