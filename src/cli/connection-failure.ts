import { Failure } from '../kernel/failure.ts';
import type { FailureCode } from '../kernel/failure-codes.ts';
import { enTls } from './texts/en-tls.ts';
import type { Texts } from './texts/texts.ts';
import { findTlsTrouble } from './tls-trouble.ts';

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What `fetch` threw, as a failure: `connect_failed` before a connection stood, `tls_failed`, else `connection_lost`. */
export function connectionFailure(error: unknown, attempt: string, texts: Texts): Failure {
  if (error instanceof Failure) return error;
  // fetch hides the reason: the error says "fetch failed" or "terminated", its cause what happened.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const trouble = findTlsTrouble(error);
  if (trouble !== undefined) {
    const reason = `${enTls.reasons[trouble]}${trouble === 'otherHost' ? namesOf(cause) : ''}`;
    return new Failure('tls_failed', texts.errors.connection(attempt, reason), { cause: error });
  }
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const reason = texts.errors.reasons[code] ?? (cause instanceof Error ? cause.message || code : String(cause));
  return new Failure(failureCode(code), texts.errors.connection(attempt, reason), { cause: error });
}

function failureCode(code: string): FailureCode {
  if (NOT_CONNECTED.has(code)) return 'connect_failed';
  if (/CERT|TLS|SSL|UNABLE_TO_/.test(code)) return 'tls_failed';
  return 'connection_lost';
}

/** Which hosts a certificate is for that was not for the one asked. */
function namesOf(error: unknown): string {
  const certificate = error instanceof Error && 'cert' in error ? error.cert : undefined;
  const isShown = typeof certificate === 'object' && certificate !== null && 'subjectaltname' in certificate;
  const names = isShown ? certificate.subjectaltname : undefined;
  return typeof names === 'string' ? enTls.names(names.slice(0, 200)) : '';
}
