import { toFailure } from '../../kernel/failure.ts';
import type { SampleError } from '../sample.ts';

/** What was thrown, as a sample tells it. `step` is what was being done: a connection that fails does not know. */
export function toSampleError(thrown: unknown, step: string | null = null): SampleError {
  const { code, message, details } = toFailure(thrown);
  return { code, step: details.step ?? step, detail: message.slice(0, 500) };
}
