import { Failure } from '../kernel/failure.ts';
import type { FailureCode } from '../kernel/failure-codes.ts';
import { errors } from './undici-core.ts';

/** Codes of OpenSSL and of Node's certificate checks that do not begin with one of the prefixes below. */
const TLS_CODES = new Set([
  'EPROTO',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
]);
const TLS_PREFIX = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|CRL_)/;

/** What kept a connection from being made, as a failure: `tls_failed`, `connect_failed`, or the failure it already is. */
export function toConnectFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  const failureCode: FailureCode = TLS_CODES.has(code) || TLS_PREFIX.test(code) ? 'tls_failed' : 'connect_failed';
  return new Failure(failureCode, `connecting to ${where} failed: ${describe(error)}`, { cause: error });
}

/** What ended an exchange on a connection that was there. */
export function toExchangeFailure(error: unknown, attempt: string): Failure {
  if (error instanceof Failure)
    return new Failure(error.code, `${attempt}: ${error.message}`, { ...error.details, cause: error });
  return new Failure(exchangeCode(error), `${attempt}: ${describe(error)}`, { cause: error });
}

function exchangeCode(error: unknown): FailureCode {
  const code = errorCode(error);
  if (TLS_CODES.has(code) || TLS_PREFIX.test(code)) return 'tls_failed';
  // The parser calls an answer that ends too early a mistake in the grammar, "Invalid EOF state".
  if (error instanceof errors.HTTPParserError)
    return error.message.includes('EOF') ? 'connection_lost' : 'remote_unexpected';
  switch (code) {
    // The kernel gave up a connection whose bytes nobody acknowledged (see ConnectionPool).
    case 'ETIMEDOUT':
      return 'stalled';
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return 'cancelled';
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return 'size_mismatch';
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'remote_unexpected';
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return 'internal';
    default:
      return 'connection_lost';
  }
}

function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  return error instanceof AggregateError && error.errors.length > 0 ? errorCode(error.errors[0]) : '';
}

function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describe).join(', ');
  return error instanceof Error ? error.message || error.name : String(error);
}
