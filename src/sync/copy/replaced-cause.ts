import { isFailure } from '../../kernel/failure.ts';
import type { ReplacedCause } from './copy-progress.ts';

/** Why a connection was given up, where it was for what moved on it; undefined for all other failures. */
export function findReplacedCause(error: unknown): ReplacedCause | undefined {
  if (!isFailure(error, 'stalled')) return undefined;
  return error.details.extensions?.farBelow === true ? 'slow' : 'stalled';
}
