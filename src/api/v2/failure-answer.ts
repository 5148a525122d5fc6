import { type Failure, toFailure } from '../../kernel/failure.ts';
import { FAILURE_CODES, type FailureCode } from '../../kernel/failure-codes.ts';
import { type RegistryAnswer, type RegistryErrorCode, refuse } from './registry-answer.ts';

const ANSWERS: Partial<Record<FailureCode, { code: RegistryErrorCode; status: number }>> = {
  validation_failed: { code: 'UNSUPPORTED', status: 400 },
  name_collision: { code: 'NAME_INVALID', status: 409 },
  registry_unknown: { code: 'UNSUPPORTED', status: 400 },
  manifest_invalid: { code: 'MANIFEST_INVALID', status: 400 },
  manifest_too_large: { code: 'SIZE_INVALID', status: 413 },
  body_too_large: { code: 'SIZE_INVALID', status: 413 },
  connection_lost: { code: 'BLOB_UPLOAD_INVALID', status: 400 },
  cancelled: { code: 'BLOB_UPLOAD_INVALID', status: 409 },
  rate_limited: { code: 'TOOMANYREQUESTS', status: 429 },
  not_ready: { code: 'UNAVAILABLE', status: 503 },
  disk_full: { code: 'UNAVAILABLE', status: 507 },
  depot_full: { code: 'UNAVAILABLE', status: 507 },
};

/** Failure → the protocol's error body; what is not in the table is our defect and tells a stranger nothing. */
export function answerFailure(error: unknown): { failure: Failure; answer: RegistryAnswer } {
  const failure = toFailure(error);
  const known = ANSWERS[failure.code];
  if (known === undefined && FAILURE_CODES[failure.code].fault === 'remote')
    return { failure, answer: refuse('UNAVAILABLE', failure.message) };
  if (known === undefined) return { failure, answer: refuse('UNKNOWN', 'the registry failed at this request') };
  const { retryAfterMs } = failure.details;
  const headers: Record<string, string> =
    retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
  return { failure, answer: refuse(known.code, failure.message, { status: known.status, headers }) };
}
