import { Failure, type FailureDetails } from '../kernel/failure.ts';

/** What was typed or set cannot be meant: the command line's own `validation_failed`, which ends with the status for wrong usage. */
export function usageFailure(message: string, details: FailureDetails = {}): Failure {
  return new Failure('validation_failed', message, details);
}
