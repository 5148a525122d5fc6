import { Failure } from '../kernel/failure.ts';

export function pushUnknown(id: string): Failure {
  return new Failure('push_unknown', `There is no push "${id.slice(0, 80)}"`);
}
