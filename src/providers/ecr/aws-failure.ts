import { Failure } from '../../kernel/failure.ts';
import type { FailureCode } from '../../kernel/failure-codes.ts';
import { excerpt } from '../../oci/distribution-error.ts';

/** Names of errors of the SDK and of AWS. Source: AWS general reference, "Common errors"; ECR API reference. */
const CODES: Readonly<Record<string, FailureCode>> = {
  AccessDeniedException: 'remote_denied',
  UnrecognizedClientException: 'remote_unauthenticated',
  InvalidClientTokenId: 'remote_unauthenticated',
  InvalidSignatureException: 'remote_unauthenticated',
  ExpiredTokenException: 'remote_unauthenticated',
  CredentialsProviderError: 'secret_missing',
  TokenProviderError: 'secret_missing',
  ThrottlingException: 'remote_rate_limited',
  TooManyRequestsException: 'remote_rate_limited',
  LimitExceededException: 'remote_denied',
  ServerException: 'remote_unavailable',
  TimeoutError: 'timed_out',
  ECONNREFUSED: 'connect_failed',
  ENOTFOUND: 'connect_failed',
  EAI_AGAIN: 'connect_failed',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  ETIMEDOUT: 'connect_failed',
};

/** What an AWS call failed with, as a failure; a `Failure` stays what it is. */
export function toAwsFailure(error: unknown, attempt: string, signal?: AbortSignal): Failure {
  if (error instanceof Failure) return error;
  if (signal?.aborted === true) return new Failure('cancelled', `${attempt} was cancelled`, { cause: signal.reason });
  const { name, code, message, $metadata } = Object(error) as Record<string, unknown>;
  const status = Number(Object($metadata).httpStatusCode ?? Number.NaN);
  const known = [name, code].flatMap((key) => (typeof key === 'string' ? (CODES[key] ?? []) : []))[0];
  const byStatus: FailureCode = status >= 400 && status < 500 ? 'remote_refused' : 'remote_unavailable';
  const what = [name === 'Error' ? code : name, message].filter((part) => typeof part === 'string' && part !== '');
  return new Failure(known ?? byStatus, `${attempt} failed: ${excerpt(what.join(': '))}`, {
    step: 'aws',
    cause: error,
    ...(Number.isNaN(status) ? {} : { status }),
  });
}
