import type { Failure } from '../kernel/failure.ts';
import { FAILURE_CODES } from '../kernel/failure-codes.ts';

/** A failure as the problem object that `--json` writes on stderr: the service's own where it sent one. */
export function problemDocument(failure: Failure): unknown {
  const received = failure.details.extensions?.problem;
  if (received !== undefined) return received;
  const { title, status } = FAILURE_CODES[failure.code];
  return {
    type: `urn:entrepot:problem:${failure.code}`,
    title,
    status,
    detail: failure.message,
    code: failure.code,
    instance: 'urn:entrepot:cli',
    ...(failure.details.errors === undefined ? {} : { errors: failure.details.errors }),
  };
}
