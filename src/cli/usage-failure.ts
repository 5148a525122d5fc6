import { Failure } from '../kernel/failure.ts';

/** What was typed cannot be meant: the command line's own `validation_failed`, which ends with the status for wrong usage. */
export function usageFailure(message: string, cause?: unknown): Failure {
  return new Failure('validation_failed', message, { cause });
}
